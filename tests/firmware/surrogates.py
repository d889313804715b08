# json.loads() makes two characters of a pair of surrogates that is escaped, and takes half a
# pair, in a str that is no UTF-8 then (RFC 8259 7, RFC 3629 3). See web.escapes, and octets()
# in web.conn.
#
# present: 1.25 1.26.1 1.29-preview
import json

print("absent" if json.loads('"\\ud83d\\ude00"') == "\U0001f600" else "present")
