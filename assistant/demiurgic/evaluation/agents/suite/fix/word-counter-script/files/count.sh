#!/bin/sh
# usage: count.sh FOLDER
cd $1 || exit 1
for file in `ls *.txt`; do
    words=$(wc -w < $file)
    echo $file $words
done
