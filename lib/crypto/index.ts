/** crypto: the primitives behind one provider interface. The providers have doors of their own: `node.ts`, `portable.ts`. */

export { CryptoError, type CryptoErrorCode } from './error.ts'
export { type FingerprintHash, fingerprint } from './fingerprint.ts'
export { hkdfExpand, hkdfExtract } from './hkdf.ts'
export { type CertificatePem, certificateFromPem, certificateToPem } from './identity.ts'
export { tlsPrf } from './prf.ts'
export type {
  Aead,
  AeadName,
  BlockCipher,
  Cbc,
  ClassicalGroupName,
  CryptoProvider,
  GroupName,
  Hash,
  HashName,
  KeyAgreement,
  KeyShare,
  KeyShareAnswer,
  KeyType,
  Mac,
  MlKem,
  MlKemKey,
  PrivateKey,
  PublicKey,
  RecordNumberMask,
  SignatureScheme,
} from './provider.ts'
export { HmacSha1 } from './sha1/hmac-sha1.ts'
export {
  type Certificate,
  type CertificateFields,
  type CertificateOptions,
  createSelfSignedCertificate,
  parseCertificate,
} from './x509.ts'
