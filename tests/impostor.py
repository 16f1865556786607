"""Servers that answer what nobody asked for, slowly, or not at all, byte by byte as a test says."""

import socket
import threading
from contextlib import closing, suppress


class Impostor:
    """Answers every connection with the same bytes, waiting before each of the pieces."""

    def __init__(self, *pieces, pause=0.0):
        self.pieces, self.pause = pieces, pause
        self.asked = []
        self._over = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        # A thread that waits for a connection is not woken by closing the socket.
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()

    def _serve(self):
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with closing(connection), suppress(OSError):
                self.asked.append(connection.recv(65536))
                for piece in self.pieces:
                    if self._over.wait(self.pause):
                        break
                    connection.sendall(piece)


def http(content, status="200 OK", kind="application/json"):
    """A whole answer over HTTP."""
    content = content.encode() if isinstance(content, str) else content
    head = f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n"
    return f"{head}Connection: close\r\n\r\n".encode() + content
