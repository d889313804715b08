# str() of bytes takes overlong forms and surrogates for UTF-8 (RFC 3629 3). See utf8() of
# web._native and its twin.
#
# present: 1.25 1.26.1 1.29-preview
found = []
for data in (b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80", b"\xf4\x90\x80\x80"):
    try:
        str(data, "utf-8")
        found.append(data)
    except UnicodeError:
        pass
print("present" if found else "absent")
