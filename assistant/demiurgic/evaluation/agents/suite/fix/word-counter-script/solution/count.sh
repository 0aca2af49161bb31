#!/bin/sh
# usage: count.sh FOLDER
cd "$1" || exit 1
for file in *.txt; do
    [ -e "$file" ] || continue
    words=$(wc -w < "$file")
    echo "$file" $words
done
