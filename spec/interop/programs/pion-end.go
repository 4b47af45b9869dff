// A pion in a process of its own, driven by lines of JSON (the protocol is in drivers/remote.ts): requests come on
// standard input and are answered in their order, replies and events go to standard output. Its arguments: `lite` makes
// it only answer connectivity checks, `tcp` gives it passive TCP candidates alone.
package main

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"regexp"
	"sync"

	"github.com/pion/ice/v2"
	// Debian's package, in a GOPATH without modules: there the program names no version, and a library does.
	"github.com/pion/webrtc"
)

type object = map[string]interface{}

type request struct {
	ID          int                       `json:"id"`
	Method      string                    `json:"method"`
	Connection  string                    `json:"connection"`
	Channel     string                    `json:"channel"`
	Restart     bool                      `json:"iceRestart"`
	Description webrtc.SessionDescription `json:"description"`
	Candidate   webrtc.ICECandidateInit   `json:"candidate"`
	Label       string                    `json:"label"`
	Init        channelInit               `json:"init"`
	Text        *string                   `json:"text"`
	Base64      string                    `json:"base64"`
}

type channelInit struct {
	Ordered           *bool   `json:"ordered"`
	MaxPacketLifeTime *uint16 `json:"maxPacketLifeTime"`
	MaxRetransmits    *uint16 `json:"maxRetransmits"`
	Protocol          *string `json:"protocol"`
	Negotiated        *bool   `json:"negotiated"`
	ID                *uint16 `json:"id"`
}

type connection struct {
	pc *webrtc.PeerConnection
	// Guards the channels: those of the other side come from another goroutine.
	mutex    sync.Mutex
	channels map[string]*webrtc.DataChannel
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

func create(id string) error {
	pc, err := api.NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return err
	}
	c := &connection{pc: pc, channels: map[string]*webrtc.DataChannel{}}
	connections[id] = c
	pc.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			tell(object{"event": "candidate", "connection": id, "candidate": nil})
		} else {
			tell(object{"event": "candidate", "connection": id, "candidate": candidate.ToJSON()})
		}
	})
	state := func(name string, value fmt.Stringer) {
		tell(object{"event": "state", "connection": id, "name": name, "value": value.String()})
	}
	pc.OnConnectionStateChange(func(value webrtc.PeerConnectionState) { state("connection", value) })
	pc.OnICEConnectionStateChange(func(value webrtc.ICEConnectionState) { state("iceConnection", value) })
	pc.OnSignalingStateChange(func(value webrtc.SignalingState) { state("signaling", value) })
	incoming := 0
	pc.OnDataChannel(func(channel *webrtc.DataChannel) {
		incoming++
		handle := fmt.Sprintf("incoming %d", incoming)
		tell(object{"event": "datachannel", "connection": id, "channel": handle, "facts": facts(channel)})
		c.watch(id, handle, channel)
	})
	return nil
}

func facts(channel *webrtc.DataChannel) object {
	return object{
		"label": channel.Label(), "protocol": channel.Protocol(), "ordered": channel.Ordered(), "id": channel.ID(),
		"maxPacketLifeTime": channel.MaxPacketLifeTime(), "maxRetransmits": channel.MaxRetransmits(),
		"negotiated": channel.Negotiated(),
	}
}

// watch keeps the channel under its handle and tells what happens to it.
func (c *connection) watch(id, handle string, channel *webrtc.DataChannel) {
	c.mutex.Lock()
	c.channels[handle] = channel
	c.mutex.Unlock()
	event := func(name string, more object) {
		line := object{"event": name, "connection": id, "channel": handle}
		for key, value := range more {
			line[key] = value
		}
		tell(line)
	}
	channel.OnOpen(func() { event("open", object{"facts": facts(channel)}) })
	channel.OnClose(func() { event("close", nil) })
	channel.OnError(func(err error) { event("error", object{"reason": err.Error()}) })
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		if message.IsString {
			event("message", object{"text": string(message.Data)})
		} else {
			event("message", object{"base64": base64.StdEncoding.EncodeToString(message.Data)})
		}
	})
}

func (c *connection) channel(handle string) (*webrtc.DataChannel, error) {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	channel, ok := c.channels[handle]
	if !ok {
		return nil, fmt.Errorf("no channel %q", handle)
	}
	return channel, nil
}

func (c *connection) send(r request) error {
	channel, err := c.channel(r.Channel)
	if err != nil {
		return err
	}
	if r.Text != nil {
		return channel.SendText(*r.Text)
	}
	bytes, err := base64.StdEncoding.DecodeString(r.Base64)
	if err != nil {
		return err
	}
	return channel.Send(bytes)
}

var fragment = regexp.MustCompile(`a=ice-ufrag:(\S+)`)

// stats tell the one thing that is asked for: which credentials are in use, once a pair is selected. A restart takes
// the selected pair away, so what is selected after it has the new ones.
func (c *connection) stats() ([]object, error) {
	transport := c.pc.SCTP().Transport().ICETransport()
	pair, err := transport.GetSelectedCandidatePair()
	if err != nil || pair == nil {
		return []object{}, err
	}
	local := fragment.FindStringSubmatch(c.pc.LocalDescription().SDP)[1]
	return []object{{"id": "transport", "type": "transport", "iceLocalUsernameFragment": local}}, nil
}

func handle(r request) (interface{}, error) {
	if r.Method == "create" {
		return nil, create(r.Connection)
	}
	c, ok := connections[r.Connection]
	if !ok {
		return nil, fmt.Errorf("no connection %q", r.Connection)
	}
	switch r.Method {
	case "createOffer":
		return c.pc.CreateOffer(&webrtc.OfferOptions{ICERestart: r.Restart})
	case "createAnswer":
		return c.pc.CreateAnswer(nil)
	case "setLocalDescription":
		err := c.pc.SetLocalDescription(r.Description)
		return c.pc.LocalDescription(), err
	case "setRemoteDescription":
		return nil, c.pc.SetRemoteDescription(r.Description)
	case "addIceCandidate":
		return nil, c.pc.AddICECandidate(r.Candidate)
	case "createDataChannel":
		init := webrtc.DataChannelInit(r.Init)
		channel, err := c.pc.CreateDataChannel(r.Label, &init)
		if err == nil {
			c.watch(r.Connection, r.Channel, channel)
		}
		return nil, err
	case "send":
		return nil, c.send(r)
	case "closeChannel":
		channel, err := c.channel(r.Channel)
		if err == nil {
			err = channel.Close()
		}
		return nil, err
	case "stats":
		return c.stats()
	case "close":
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
	for _, argument := range os.Args[1:] {
		switch argument {
		case "lite":
			settings.SetLite(true)
		case "tcp":
			// Passive candidates, and no others: one listener for all connections.
			listener, err := net.Listen("tcp4", ":0")
			if err != nil {
				panic(err)
			}
			settings.SetICETCPMux(webrtc.NewICETCPMux(nil, listener, 64))
			settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeTCP4})
		}
	}
	api = webrtc.NewAPI(webrtc.WithSettingEngine(settings))
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
