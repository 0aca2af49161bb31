#!/bin/sh
export SHOP_PORT=8081
export PORT=8090
exec python3 server.py --name shop
