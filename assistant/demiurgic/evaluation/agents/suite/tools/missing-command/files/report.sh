#!/bin/sh
csvadd --column amount sales.csv > total.txt
