// Command mongo-server is a MongoDB for the store tests: FerretDB over SQLite files, behind a gate.
// Usage: mongo-server ADDRESS DIRECTORY. It ends when its standard input does, so it never outlives a test run.
package main

import (
	"context"
	"encoding/binary"
	"io"
	"log"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"github.com/FerretDB/FerretDB/ferretdb"
	"go.mongodb.org/mongo-driver/bson"
)

func main() {
	address, directory := os.Args[1], os.Args[2]
	socket := filepath.Join(directory, "ferretdb.sock")
	_ = os.Remove(socket) // left behind by a killed run

	server, err := ferretdb.New(&ferretdb.Config{
		Listener:  ferretdb.ListenerConfig{Unix: socket},
		Handler:   "sqlite",
		SQLiteURL: "file:" + directory + "/",
	})
	if err != nil {
		log.Fatal(err)
	}
	gate, err := net.Listen("tcp", address)
	if err != nil {
		log.Fatal(err)
	}
	go func() { log.Fatal(server.Run(context.Background())) }()
	go acceptAll(gate, socket)
	_, _ = io.Copy(io.Discard, os.Stdin)
}

func acceptAll(gate net.Listener, socket string) {
	for {
		client, err := gate.Accept()
		if err != nil {
			log.Fatal(err)
		}
		go serve(client, socket)
	}
}

// FerretDB v1 updates a document by reading it and then writing it. MongoDB does both as one step; so does
// FerretDB when it is given one command at a time.
var oneCommand sync.Mutex

func serve(client net.Conn, socket string) {
	defer client.Close()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer server.Close()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		reply, err := ask(server, request)
		if err != nil {
			return
		}
		if _, err := client.Write(asMongoDB(reply)); err != nil {
			return
		}
	}
}

func ask(server net.Conn, request []byte) ([]byte, error) {
	if !isHello(request) {
		oneCommand.Lock()
		defer oneCommand.Unlock()
	}
	if _, err := server.Write(request); err != nil {
		return nil, err
	}
	return readMessage(server)
}

// isHello recognises the driver's health check: it must not wait for other commands, as MongoDB's does not.
func isHello(request []byte) bool {
	if len(request) < bodyStart {
		return false
	}
	if binary.LittleEndian.Uint32(request[12:]) == opQuery {
		return true
	}
	_, err := bson.Raw(request[bodyStart:]).LookupErr("hello")
	return err == nil
}

// readMessage reads one wire message: a little-endian length that counts itself, then the rest.
func readMessage(from io.Reader) ([]byte, error) {
	var length [4]byte
	if _, err := io.ReadFull(from, length[:]); err != nil {
		return nil, err
	}
	message := make([]byte, binary.LittleEndian.Uint32(length[:]))
	copy(message, length[:])
	_, err := io.ReadFull(from, message[4:])
	return message, err
}

// bodyStart is where the document of an OP_MSG begins: after the header, the flags and the kind of the section.
const bodyStart = 16 + 4 + 1

// opQuery is the old message that a driver's first hello comes in, and nothing else.
const opQuery = 2004

// asMongoDB answers an update that breaks a unique index as MongoDB does. FerretDB v1 says "internal error".
func asMongoDB(reply []byte) []byte {
	if len(reply) < bodyStart {
		return reply
	}
	text, _ := bson.Raw(reply[bodyStart:]).Lookup("errmsg").StringValueOK()
	if !strings.Contains(text, "UNIQUE constraint failed") {
		return reply
	}
	duplicate := bson.D{{Key: "index", Value: 0}, {Key: "code", Value: 11000}, {Key: "errmsg", Value: "E11000 duplicate key"}}
	body, err := bson.Marshal(bson.D{
		{Key: "n", Value: 0}, {Key: "nModified", Value: 0},
		{Key: "writeErrors", Value: bson.A{duplicate}}, {Key: "ok", Value: 1.0},
	})
	if err != nil {
		return reply
	}
	answer := append(append([]byte{}, reply[:bodyStart]...), body...)
	binary.LittleEndian.PutUint32(answer, uint32(len(answer)))
	return answer
}
