#!/bin/sh
# Makes the certificates of the tests: an authority of its own and two server certificates for localhost, good for 30 years.
# They are in the repository so that the tests need no openssl; nobody outside the tests trusts them. Run in this folder.
set -eu
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 10957 -subj '/CN=Switchyard tests only' \
  -addext 'basicConstraints=critical,CA:TRUE' -addext 'keyUsage=critical,keyCertSign' -keyout ca.key -out ca.pem
for name in one two; do
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$name of the tests" -keyout "$name.key" -out "$name.csr"
  printf 'subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1\nbasicConstraints=CA:FALSE\n' > "$name.ext"
  openssl x509 -req -in "$name.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 10957 -extfile "$name.ext" -out "$name.pem"
  rm "$name.csr" "$name.ext"
done
rm ca.key ca.srl
