/*
 * How many packets of 1,200 bytes libsrtp protects and opens for each second of CPU: the same work as bench/srtp/worker.ts
 * does. Arguments: a profile, and for how many milliseconds. Prints a line of JSON.
 *
 *   cc -O2 -o libsrtp bench/programs/libsrtp.c -lsrtp2
 */

#include <srtp2/srtp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define LENGTH 1200
#define HEADER 12
#define BATCH 1024
#define WARM_UP 40
#define ROOM (LENGTH + SRTP_MAX_TRAILER_LEN + 16)

static uint32_t packets[BATCH][ROOM / 4 + 1];
static int lengths[BATCH];

static void fail(const char *what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

static double cpu(void) {
  struct timespec now;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void set_profile(srtp_policy_t *policy, const char *profile) {
  if (strcmp(profile, "SRTP_AES128_CM_HMAC_SHA1_80") == 0) {
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
  } else if (strcmp(profile, "SRTP_AES128_CM_HMAC_SHA1_32") == 0) {
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_32(&policy->rtp);
    srtp_crypto_policy_set_aes_cm_128_hmac_sha1_80(&policy->rtcp);
  } else if (strcmp(profile, "SRTP_AEAD_AES_128_GCM") == 0) {
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtp);
    srtp_crypto_policy_set_aes_gcm_128_16_auth(&policy->rtcp);
  } else if (strcmp(profile, "SRTP_AEAD_AES_256_GCM") == 0) {
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtp);
    srtp_crypto_policy_set_aes_gcm_256_16_auth(&policy->rtcp);
  } else {
    fail("no such profile");
  }
}

static srtp_t create(const char *profile, srtp_ssrc_type_t direction) {
  static unsigned char key[64];
  srtp_policy_t policy;
  srtp_t session;
  memset(key, 7, sizeof key);
  memset(&policy, 0, sizeof policy);
  set_profile(&policy, profile);
  policy.ssrc.type = direction;
  policy.key = key;
  policy.window_size = 1024;
  if (srtp_create(&session, &policy) != srtp_err_status_ok) fail("libsrtp does not have this profile");
  return session;
}

int main(int argc, char **argv) {
  if (argc != 3) fail("a profile, and milliseconds");
  if (srtp_init() != srtp_err_status_ok) fail("libsrtp does not start");
  srtp_t sender = create(argv[1], ssrc_any_outbound);
  srtp_t receiver = create(argv[1], ssrc_any_inbound);
  double wanted = atof(argv[2]) / 1000;
  double sealing = 0, opening = 0;
  uint16_t sequence_number = 0;
  long batches = -WARM_UP;
  for (int i = 0; i < BATCH; i++) {
    uint8_t *bytes = (uint8_t *)packets[i];
    static const uint8_t header[HEADER] = {0x80, 96, 0, 0, 0, 0, 0, 0, 0xca, 0xfe, 0xba, 0xbe};
    memcpy(bytes, header, HEADER);
    for (int at = HEADER; at < LENGTH; at++) bytes[at] = (uint8_t)(at * 31);
  }
  while (batches < 0 || sealing + opening < wanted) {
    for (int i = 0; i < BATCH; i++) {
      uint8_t *bytes = (uint8_t *)packets[i];
      sequence_number++;
      bytes[2] = (uint8_t)(sequence_number >> 8);
      bytes[3] = (uint8_t)sequence_number;
      lengths[i] = LENGTH;
    }
    double before = cpu();
    for (int i = 0; i < BATCH; i++)
      if (srtp_protect(sender, packets[i], &lengths[i]) != srtp_err_status_ok) fail("a packet was not protected");
    double between = cpu();
    for (int i = 0; i < BATCH; i++)
      if (srtp_unprotect(receiver, packets[i], &lengths[i]) != srtp_err_status_ok) fail("a packet does not open");
    double after = cpu();
    if (batches++ < 0) continue;
    sealing += between - before;
    opening += after - between;
  }
  for (int i = 0; i < BATCH; i++)
    if (lengths[i] != LENGTH || ((uint8_t *)packets[i])[LENGTH - 1] != (uint8_t)((LENGTH - 1) * 31)) fail("another text");
  printf("{\"protect\": %.0f, \"unprotect\": %.0f}\n", BATCH * batches / sealing, BATCH * batches / opening);
  return 0;
}
