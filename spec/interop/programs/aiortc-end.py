"""
An aiortc in a process of its own, driven by lines of JSON (the protocol is in drivers/remote.ts): requests come on
standard input and are answered in their order, replies and events go to standard output.
"""

import asyncio
import base64
import json
import sys

from aiortc import RTCConfiguration, RTCPeerConnection, RTCSessionDescription
from aiortc.sdp import candidate_from_sdp


def tell(**line):
    print(json.dumps(line), flush=True)


class Connection:
    def __init__(self, name):
        self.name = name
        self.channels = {}
        # Without a list of its own it would ask a public STUN server.
        self.pc = pc = RTCPeerConnection(RTCConfiguration(iceServers=[]))
        pc.on("datachannel", self.incoming)
        for state in ["connection", "iceConnection", "signaling"]:
            pc.on(f"{state.lower()}statechange", lambda state=state: self.state(state))

    def event(self, event, **fields):
        tell(event=event, connection=self.name, **fields)

    def state(self, name):
        self.event("state", name=name, value=getattr(self.pc, f"{name}State"))

    def described(self):
        return {"type": self.pc.localDescription.type, "sdp": self.pc.localDescription.sdp}

    def incoming(self, channel):
        handle = f"incoming {len(self.channels)}"
        self.event("datachannel", channel=handle, facts=facts(channel))
        self.watch(handle, channel)

    def watch(self, handle, channel):
        """Keeps the channel under its handle and tells what happens to it."""
        self.channels[handle] = channel

        def event(name, **fields):
            self.event(name, channel=handle, **fields)

        def message(data):
            if isinstance(data, str):
                event("message", text=data)
            else:
                event("message", base64=base64.b64encode(data).decode())

        channel.on("open", lambda: event("open", facts=facts(channel)))
        channel.on("close", lambda: event("close"))
        channel.on("message", message)
        if channel.readyState == "open":
            event("open", facts=facts(channel))

    # The requests

    async def createOffer(self, iceRestart):
        offer = await self.pc.createOffer()
        return {"type": offer.type, "sdp": offer.sdp}

    async def createAnswer(self):
        answer = await self.pc.createAnswer()
        return {"type": answer.type, "sdp": answer.sdp}

    async def setLocalDescription(self, description):
        await self.pc.setLocalDescription(RTCSessionDescription(**description))
        return self.described()

    async def setRemoteDescription(self, description):
        await self.pc.setRemoteDescription(RTCSessionDescription(**description))

    async def addIceCandidate(self, candidate):
        # It cannot be told the end of candidates, which has no text.
        if candidate is None or candidate["candidate"] == "":
            return
        parsed = candidate_from_sdp(candidate["candidate"].split(":", 1)[1])
        parsed.sdpMid = candidate["sdpMid"]
        parsed.sdpMLineIndex = candidate["sdpMLineIndex"]
        await self.pc.addIceCandidate(parsed)

    async def createDataChannel(self, channel, label, init):
        self.watch(channel, self.pc.createDataChannel(label, **init))

    async def send(self, channel, **content):
        text = content.get("text")
        self.channels[channel].send(base64.b64decode(content["base64"]) if text is None else text)

    async def closeChannel(self, channel):
        self.channels[channel].close()

    async def stats(self):
        return [{"id": key, "type": value.type} for key, value in (await self.pc.getStats()).items()]

    async def close(self):
        await self.pc.close()


def facts(channel):
    names = ["label", "protocol", "ordered", "maxPacketLifeTime", "maxRetransmits", "negotiated", "id"]
    return {name: getattr(channel, name) for name in names}


async def main():
    connections = {}
    lines = asyncio.StreamReader(limit=1 << 24)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(lines), sys.stdin)
    while line := await lines.readline():
        request = json.loads(line)
        number, method, name = (request.pop(key) for key in ["id", "method", "connection"])
        try:
            if method == "create":
                connections[name] = Connection(name)
                tell(id=number)
            else:
                tell(id=number, value=await getattr(connections[name], method)(**request))
        except Exception as error:
            tell(id=number, error=repr(error))


asyncio.run(main())
