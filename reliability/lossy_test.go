package reliability

import (
	"encoding/binary"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
)

// The Kafka requests whose answers get lost, by their key in the protocol.
const (
	keyProduce = 0
	keyFetch   = 1
	keyCommit  = 8
)

// lossy is a broker's listener that loses answers: the broker did what it was asked, and the connection closes
// before it can say so. It loses some requests too, which the broker never sees.
type lossy struct {
	share    map[int16]float64 // of the answers, by request
	requests float64           // of the requests to produce
	off      atomic.Bool

	mu      sync.Mutex
	rand    *rand.Rand
	answers map[int16]int
	lost    map[int16]int
}

func newLossy(seed uint64, share map[int16]float64) *lossy {
	return &lossy{share: share, rand: rand.New(rand.NewPCG(seed, 3)), answers: map[int16]int{}, lost: map[int16]int{}}
}

func (l *lossy) listen(network, address string) (net.Listener, error) {
	inner, err := net.Listen(network, address)
	if err != nil {
		return nil, err
	}
	return lossyListener{inner, l}, nil
}

func (l *lossy) loses(key int16) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.answers[key]++
	if l.off.Load() || l.rand.Float64() >= l.share[key] {
		return false
	}
	l.lost[key]++
	return true
}

func (l *lossy) losesRequest(key int16) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return !l.off.Load() && key == keyProduce && l.rand.Float64() < l.requests
}

func (l *lossy) setRequests(share float64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.requests = share
}

// counts are the answers of a request, and how many of them were lost.
func (l *lossy) counts(key int16) (answers, lost int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.answers[key], l.lost[key]
}

type lossyListener struct {
	net.Listener
	l *lossy
}

// Accept wraps the connection.
func (l lossyListener) Accept() (net.Conn, error) {
	c, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &lossyConn{Conn: c, l: l.l, asked: map[int32]int16{}}, nil
}

// lossyConn reads along: a request is size, key, version and correlation id; an answer is size and that id.
type lossyConn struct {
	net.Conn
	l *lossy

	mu    sync.Mutex
	head  []byte // of the request that is being read
	skip  int    // bytes left of its body
	asked map[int32]int16
}

// Read notes which requests come.
func (c *lossyConn) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	for b := p[:n]; len(b) > 0; {
		if c.skip > 0 {
			k := min(c.skip, len(b))
			b, c.skip = b[k:], c.skip-k
			continue
		}
		k := min(12-len(c.head), len(b))
		c.head, b = append(c.head, b[:k]...), b[k:]
		if len(c.head) == 12 {
			key := int16(binary.BigEndian.Uint16(c.head[4:]))
			if c.l.losesRequest(key) {
				c.Close()
				return 0, io.EOF
			}
			c.asked[int32(binary.BigEndian.Uint32(c.head[8:]))] = key
			c.skip = int(binary.BigEndian.Uint32(c.head)) - 8
			c.head = c.head[:0]
		}
	}
	return n, err
}

// Write sends an answer, or loses it with the connection. The broker writes each answer in one piece.
func (c *lossyConn) Write(p []byte) (int, error) {
	if len(p) >= 8 && c.l.loses(c.request(int32(binary.BigEndian.Uint32(p[4:])))) {
		c.Close()
		return 0, io.ErrClosedPipe
	}
	return c.Conn.Write(p)
}

func (c *lossyConn) request(id int32) int16 {
	c.mu.Lock()
	defer c.mu.Unlock()
	key, ok := c.asked[id]
	if !ok {
		return -1
	}
	delete(c.asked, id)
	return key
}
