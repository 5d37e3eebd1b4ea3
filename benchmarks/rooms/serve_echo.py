"""The bare limit: FastAPI on uvicorn that sends back what it gets."""

import asyncio

from fastapi import FastAPI, WebSocket, WebSocketDisconnect

from benchmarks.rooms.serve_ours import run

app = FastAPI()


@app.websocket("/ws/{user_id}")
async def echo(socket: WebSocket, user_id: str) -> None:
    """Parse the frame and send one back."""
    await socket.accept()
    try:
        while True:
            frame = await socket.receive_json()
            await socket.send_json({"type": "message", "message": frame["message"], "agent": "Echo", "user_id": user_id})
    except WebSocketDisconnect:
        pass


if __name__ == "__main__":
    asyncio.run(run(app))
