// A pion that sends the samples that it is given, round and round, and tells of what comes by the hashes of it. Driven by
// lines of JSON (drivers/media-program.ts).
package main

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/pion/ice/v2"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/rtp/codecs"
	// Debian's package, in a GOPATH without modules: there the program names no version, and a library does.
	"github.com/pion/webrtc"
	"github.com/pion/webrtc/pkg/media"
	"github.com/pion/webrtc/pkg/media/samplebuilder"
)

const (
	// Between samples.
	interval = 20 * time.Millisecond
	// Packets that a missing one is waited for.
	patience = 400
)

type object = map[string]interface{}

type request struct {
	ID         int               `json:"id"`
	Method     string            `json:"method"`
	Connection string            `json:"connection"`
	Arguments  []json.RawMessage `json:"args"`
}

type sending struct {
	sender *webrtc.RTPSender
	stop   chan struct{}
}

type connection struct {
	id      string
	pc      *webrtc.PeerConnection
	sending map[string]sending
	// Guards what follows: packets come in other goroutines.
	mutex sync.Mutex
	video *webrtc.TrackRemote
	asked object
	// Whether it begins anew, with the first sample, when a key frame is asked for.
	obeys bool
	anew  chan struct{}
}

var (
	connections = map[string]*connection{}
	output      = json.NewEncoder(os.Stdout)
	outputMutex sync.Mutex
	api         *webrtc.API
)

func tell(line object) {
	outputMutex.Lock()
	defer outputMutex.Unlock()
	_ = output.Encode(line)
}

func (c *connection) fact(name string, value interface{}) {
	tell(object{"connection": c.id, "fact": name, "value": value})
}

func create(id string) (*connection, error) {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	c := &connection{
		id: id, pc: pc, sending: map[string]sending{}, asked: object{"keyFrames": 0, "packets": 0},
		anew: make(chan struct{}, 1),
	}
	pc.OnConnectionStateChange(func(state webrtc.PeerConnectionState) { c.fact("state", state.String()) })
	pc.OnTrack(func(track *webrtc.TrackRemote, receiver *webrtc.RTPReceiver) { c.receive(track) })
	return c, nil
}

func depacketizerOf(mimeType string) rtp.Depacketizer {
	switch strings.ToLower(mimeType) {
	case "video/vp8":
		return &codecs.VP8Packet{}
	case "video/vp9":
		return &codecs.VP9Packet{}
	case "video/h264":
		return &codecs.H264Packet{}
	}
	return nil
}

// receive tells of each frame, or each packet of audio, and of gaps in the numbers.
func (c *connection) receive(track *webrtc.TrackRemote) {
	codec := track.Codec()
	if track.Kind() == webrtc.RTPCodecTypeVideo {
		c.mutex.Lock()
		c.video = track
		c.mutex.Unlock()
	}
	names := []string{}
	told := func(data []byte) {
		hash := sha256.Sum256(data)
		names = append(names, hex.EncodeToString(hash[:8]))
		c.fact(track.Kind().String(), object{"frames": len(names), "names": names, "mimeType": codec.MimeType})
	}
	depacketizer := depacketizerOf(codec.MimeType)
	var builder *samplebuilder.SampleBuilder
	if depacketizer != nil {
		builder = samplebuilder.New(patience, depacketizer, codec.ClockRate)
	}
	for {
		packet, _, err := track.ReadRTP()
		if err != nil {
			return
		}
		if len(packet.Payload) == 0 {
			continue
		}
		if builder == nil {
			told(packet.Payload)
			continue
		}
		builder.Push(packet)
		for sample := builder.Pop(); sample != nil; sample = builder.Pop() {
			told(sample.Data)
		}
	}
}

func (c *connection) send(kind, mimeType string, encoded []string) error {
	samples := [][]byte{}
	for _, text := range encoded {
		sample, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return err
		}
		samples = append(samples, sample)
	}
	capability := webrtc.RTPCodecCapability{MimeType: mimeType}
	track, err := webrtc.NewTrackLocalStaticSample(capability, kind, "pion")
	if err != nil {
		return err
	}
	sender, err := c.pc.AddTrack(track)
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	c.sending[kind] = sending{sender, stop}
	go c.listen(sender)
	// Only video is asked for key frames.
	var anew chan struct{}
	if kind == "video" {
		anew = c.anew
	}
	go func() {
		ticker := time.NewTicker(interval)
		defer ticker.Stop()
		for next := 0; ; next++ {
			select {
			case <-stop:
				return
			case <-anew:
				next = -1
			case <-ticker.C:
				_ = track.WriteSample(media.Sample{Data: samples[next%len(samples)], Duration: interval})
			}
		}
	}()
	return nil
}

// listen tells what is asked for of what it sends.
func (c *connection) listen(sender *webrtc.RTPSender) {
	for {
		packets, _, err := sender.ReadRTCP()
		if err != nil {
			return
		}
		c.mutex.Lock()
		for _, packet := range packets {
			switch packet := packet.(type) {
			case *rtcp.PictureLossIndication, *rtcp.FullIntraRequest:
				c.asked["keyFrames"] = c.asked["keyFrames"].(int) + 1
				if c.obeys {
					select {
					case c.anew <- struct{}{}:
					default:
					}
				}
			case *rtcp.TransportLayerNack:
				for _, pair := range packet.Nacks {
					c.asked["packets"] = c.asked["packets"].(int) + len(pair.PacketList())
				}
			}
		}
		c.fact("asked", c.asked)
		c.mutex.Unlock()
	}
}

func (c *connection) askForKeyFrame() error {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	if c.video == nil {
		return fmt.Errorf("no video")
	}
	return c.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: uint32(c.video.SSRC())}})
}

// described resolves with the description when it has all of its candidates.
func (c *connection) described(made webrtc.SessionDescription, err error) (interface{}, error) {
	if err != nil {
		return nil, err
	}
	gathered := webrtc.GatheringCompletePromise(c.pc)
	if err := c.pc.SetLocalDescription(made); err != nil {
		return nil, err
	}
	<-gathered
	return c.pc.LocalDescription(), nil
}

func handle(r request) (interface{}, error) {
	c, ok := connections[r.Connection]
	if r.Method == "create" {
		c, err := create(r.Connection)
		connections[r.Connection] = c
		return nil, err
	}
	if !ok {
		return nil, fmt.Errorf("no connection %q", r.Connection)
	}
	var kind, mimeType string
	var samples []string
	var description webrtc.SessionDescription
	into := map[string][]interface{}{
		"send":   {&kind, &mimeType, &samples},
		"stop":   {&kind},
		"answer": {&description},
		"accept": {&description},
	}
	for i, target := range into[r.Method] {
		if err := json.Unmarshal(r.Arguments[i], target); err != nil {
			return nil, err
		}
	}
	switch r.Method {
	case "send":
		return nil, c.send(kind, mimeType, samples)
	case "stop":
		close(c.sending[kind].stop)
		err := c.pc.RemoveTrack(c.sending[kind].sender)
		delete(c.sending, kind)
		return nil, err
	case "offer":
		return c.described(c.pc.CreateOffer(nil))
	case "answer":
		if err := c.pc.SetRemoteDescription(description); err != nil {
			return nil, err
		}
		return c.described(c.pc.CreateAnswer(nil))
	case "accept":
		return nil, c.pc.SetRemoteDescription(description)
	case "obey":
		c.mutex.Lock()
		defer c.mutex.Unlock()
		c.obeys = true
		return nil, nil
	case "askForKeyFrame":
		return nil, c.askForKeyFrame()
	case "close":
		for _, each := range c.sending {
			close(each.stop)
		}
		return nil, c.pc.Close()
	}
	return nil, fmt.Errorf("no method %q", r.Method)
}

func main() {
	// What it logs goes elsewhere than what is told.
	os.Stdout = os.Stderr
	settings := webrtc.SettingEngine{}
	// It would listen for multicast DNS, and the machine's other programs are none of a spec's business.
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	engine := &webrtc.MediaEngine{}
	if err := engine.RegisterDefaultCodecs(); err != nil {
		panic(err)
	}
	registry := &interceptor.Registry{}
	if err := webrtc.RegisterDefaultInterceptors(engine, registry); err != nil {
		panic(err)
	}
	api = webrtc.NewAPI(
		webrtc.WithSettingEngine(settings), webrtc.WithMediaEngine(engine), webrtc.WithInterceptorRegistry(registry),
	)
	input := bufio.NewReader(os.Stdin)
	for {
		line, err := input.ReadBytes('\n')
		if err != nil {
			return
		}
		var r request
		if err := json.Unmarshal(line, &r); err != nil {
			tell(object{"id": r.ID, "error": err.Error()})
			continue
		}
		value, err := handle(r)
		if err != nil {
			tell(object{"id": r.ID, "error": err.Error()})
		} else {
			tell(object{"id": r.ID, "value": value})
		}
	}
}
