"""Be somebody else whenever somebody looks: each process starts the next one and ends."""

import os
import time

import prelude

if os.fork() == 0:
    os.setsid()
    until = time.time() + 20
    while time.time() < until:
        if os.fork():
            os._exit(0)
        with open("heartbeat", "w") as file:
            file.write(str(time.time()))
while not os.path.exists("heartbeat"):
    time.sleep(0.01)
