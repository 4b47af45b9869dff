"""
An aiortc that sends a picture and a tone, and tells of what it decodes: of a picture how bright its left and its right half
are, of sound how many periods it has in a second. Driven by lines of JSON (drivers/media-program.ts).
"""

import asyncio
import fractions
import json
import sys
import time

import numpy
from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription, VideoStreamTrack
from aiortc.mediastreams import MediaStreamError, MediaStreamTrack
from av import AudioFrame, VideoFrame

WIDTH, HEIGHT = 320, 240
DARK, BRIGHT = 60, 190
FREQUENCY = 440
SAMPLE_RATE = 48000
SAMPLES = SAMPLE_RATE // 50


def tell(**line):
    print(json.dumps(line), flush=True)


class Pictures(VideoStreamTrack):
    """Dark on the left and bright on the right, with a bar that moves."""

    number = 0

    async def recv(self):
        pts, time_base = await self.next_timestamp()
        planes = numpy.full((HEIGHT * 3 // 2, WIDTH), 128, dtype=numpy.uint8)
        planes[:HEIGHT, : WIDTH // 2] = DARK
        planes[:HEIGHT, WIDTH // 2 :] = BRIGHT
        row = self.number * 4 % HEIGHT
        planes[row : row + 4] = 128
        self.number += 1
        frame = VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts, frame.time_base = pts, time_base
        return frame


class Tone(MediaStreamTrack):
    kind = "audio"
    began = None
    at = 0

    async def recv(self):
        if self.readyState != "live":
            raise MediaStreamError
        self.began = self.began or time.monotonic()
        await asyncio.sleep(max(0, self.began + self.at / SAMPLE_RATE - time.monotonic()))
        times = numpy.arange(self.at, self.at + SAMPLES) / SAMPLE_RATE
        wave = 8000 * numpy.sin(2 * numpy.pi * FREQUENCY * times)
        frame = AudioFrame.from_ndarray(wave.astype(numpy.int16).reshape(1, -1), format="s16", layout="mono")
        frame.pts, frame.sample_rate, frame.time_base = self.at, SAMPLE_RATE, fractions.Fraction(1, SAMPLE_RATE)
        self.at += SAMPLES
        return frame


class Connection:
    def __init__(self, name):
        self.name = name
        self.tasks = []
        # Without a list of its own it would ask a public STUN server.
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.on("track", self.incoming)
        pc.on("connectionstatechange", lambda: self.fact("state", pc.connectionState))

    def fact(self, fact, value):
        tell(connection=self.name, fact=fact, value=value)

    def incoming(self, track):
        follow = self.watch if track.kind == "video" else self.listen
        self.tasks.append(asyncio.ensure_future(follow(track)))

    async def watch(self, track):
        """Tells of each picture."""
        frames = 0
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            frames += 1
            width, height = frame.width, frame.height
            light = frame.to_ndarray(format="gray" if frame.format.name.startswith("gray") else "yuv420p")[:height]
            left, right = light[:, : width // 2 - 8].mean(), light[:, width // 2 + 8 :].mean()
            value = {"frames": frames, "width": width, "height": height, "left": round(left), "right": round(right)}
            self.fact("video", value)

    async def listen(self, track):
        """Tells of each fifth of a second."""
        frames = 0
        waves = []
        while True:
            try:
                frame = await track.recv()
            except MediaStreamError:
                return
            waves.append(frame.to_ndarray()[0][:: len(frame.layout.channels)].astype(int))
            wave = numpy.concatenate(waves)
            if len(wave) < frame.sample_rate / 5:
                continue
            rises = int(numpy.count_nonzero((wave[:-1] < 0) & (wave[1:] >= 0)))
            frames += 1
            frequency = round(rises * frame.sample_rate / len(wave))
            self.fact("audio", {"frames": frames, "frequency": frequency, "loudest": int(wave.max())})
            waves = []

    def described(self):
        return {"type": self.pc.localDescription.type, "sdp": self.pc.localDescription.sdp}

    def transceiver(self, kind):
        return next(each for each in self.pc.getTransceivers() if each.kind == kind)

    # The requests

    async def send(self, kind, mime_type, samples):
        self.pc.addTrack(Pictures() if kind == "video" else Tone())

    async def stop(self, kind):
        # It has no removeTrack.
        transceiver = self.transceiver(kind)
        transceiver.sender.track.stop()
        transceiver.sender.replaceTrack(None)
        transceiver.direction = "recvonly"

    async def offer(self):
        await self.pc.setLocalDescription(await self.pc.createOffer())
        return self.described()

    async def answer(self, offer):
        await self.pc.setRemoteDescription(RTCSessionDescription(**offer))
        await self.pc.setLocalDescription(await self.pc.createAnswer())
        return self.described()

    async def accept(self, answer):
        await self.pc.setRemoteDescription(RTCSessionDescription(**answer))

    async def askForKeyFrame(self):
        # It never asks because of what it cannot decode, and has no method for it.
        receiver = self.transceiver("video").receiver
        for source in receiver.getSynchronizationSources():
            await receiver._send_rtcp_pli(source.source)

    async def close(self):
        await self.pc.close()
        for task in self.tasks:
            task.cancel()


async def main():
    connections = {}
    lines = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        request = json.loads(line)
        number, method, name = request["id"], request["method"], request["connection"]
        try:
            if method == "create":
                connections[name] = Connection(name)
                tell(id=number)
            else:
                tell(id=number, value=await getattr(connections[name], method)(*request["args"]))
        except Exception as error:
            tell(id=number, error=repr(error))


asyncio.run(main())
