"""Messages of our own lab recordings (scenario udp4_sha1_aes), literally."""

from __future__ import annotations

SM1 = b"""\
REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0
Via: SIP/2.0/UDP 10.20.0.11:5060;branch=z9hG4bKe9eb367629840dd8
Max-Forwards: 70
From: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=4985bf67088a
To: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>
Call-ID: 6fdd91b05e0dfbe161a0@10.20.0.11
CSeq: 1 REGISTER
Contact: <sip:001010000000101@10.20.0.11:5060>;+sip.instance="<urn:gsma:imei:35622410-769544-0>";\
+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";expires=600000
Expires: 600000
Authorization: Digest username="001010000000101@ims.mnc001.mcc001.3gppnetwork.org", \
realm="ims.mnc001.mcc001.3gppnetwork.org", uri="sip:ims.mnc001.mcc001.3gppnetwork.org", nonce="", response=""
P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000101
Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1673564009;spi-s=2983417649;port-c=56342;\
port-s=46432;prot=esp;mod=trans
Require: sec-agree
Proxy-Require: sec-agree
Supported: path, sec-agree
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, NOTIFY, PRACK, UPDATE
User-Agent: gmlab UE
Content-Length: 0

""".replace(b"\n", b"\r\n")

SM6 = b"""\
SIP/2.0 401 Unauthorized
Via: SIP/2.0/UDP 10.20.0.11:5060;branch=z9hG4bKe9eb367629840dd8
From: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=4985bf67088a
To: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=915276e825a9
Call-ID: 6fdd91b05e0dfbe161a0@10.20.0.11
CSeq: 1 REGISTER
Path: <sip:term@10.30.0.1:5060;lr>
Content-Length: 0
Supported: sec-agree
Security-Server: ipsec-3gpp;prot=esp;mod=trans;spi-c=4096;spi-s=4097;port-c=5100;port-s=6100;\
alg=hmac-sha-1-96;ealg=aes-cbc
WWW-Authenticate: Digest realm="ims.mnc001.mcc001.3gppnetwork.org", \
nonce="xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9ppeQ=", algorithm=AKAv1-MD5

""".replace(b"\n", b"\r\n")

SM7 = b"""\
REGISTER sip:ims.mnc001.mcc001.3gppnetwork.org SIP/2.0
Via: SIP/2.0/UDP 10.20.0.11:46432;branch=z9hG4bKaf3508247fa25c27
Max-Forwards: 70
Route: <sip:10.20.0.1:6100;lr>
From: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=4985bf67088a
To: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>
Call-ID: 6fdd91b05e0dfbe161a0@10.20.0.11
CSeq: 2 REGISTER
Contact: <sip:001010000000101@10.20.0.11:46432>;+sip.instance="<urn:gsma:imei:35622410-769544-0>";\
+g.3gpp.icsi-ref="urn%3Aurn-7%3A3gpp-service.ims.icsi.mmtel";expires=600000
Expires: 600000
Authorization: Digest username="001010000000101@ims.mnc001.mcc001.3gppnetwork.org", \
realm="ims.mnc001.mcc001.3gppnetwork.org", nonce="xqR7RVo7c/2e69fRVZDgN4LtwMuhrIAAKU3kem9ppeQ=", \
uri="sip:ims.mnc001.mcc001.3gppnetwork.org", response="d23e8211136f1ec859d4308d8316f692", algorithm=AKAv1-MD5
P-Access-Network-Info: 3GPP-E-UTRAN-FDD;utran-cell-id-3gpp=0010100010000101
Security-Client: ipsec-3gpp;alg=hmac-sha-1-96;ealg=aes-cbc;spi-c=1673564009;spi-s=2983417649;port-c=56342;\
port-s=46432;prot=esp;mod=trans
Require: sec-agree
Proxy-Require: sec-agree
Security-Verify: ipsec-3gpp;prot=esp;mod=trans;spi-c=4096;spi-s=4097;port-c=5100;port-s=6100;\
alg=hmac-sha-1-96;ealg=aes-cbc
Supported: path, sec-agree
Allow: INVITE, ACK, BYE, CANCEL, OPTIONS, MESSAGE, NOTIFY, PRACK, UPDATE
User-Agent: gmlab UE
Content-Length: 0

""".replace(b"\n", b"\r\n")

RES = bytes.fromhex("bb5f3a758bcea459")
"""RES of the challenge in `SM6`: TEST keys."""

NOTIFY = (
    b"""\
NOTIFY sip:001010000000101@10.20.0.11:46432 SIP/2.0
Via: SIP/2.0/UDP 10.20.0.1:5100;branch=z9hG4bKab62.92299ea6f4238945e85f71948c6566fe.0
Via: SIP/2.0/UDP 10.30.0.2:5060;branch=z9hG4bKc376c5c5d750f324
Max-Forwards: 67
From: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=18409fd541cf
To: <sip:001010000000101@ims.mnc001.mcc001.3gppnetwork.org>;tag=001418c4129c
Call-ID: d983433102fe7892@10.20.0.11
CSeq: 1 NOTIFY
Event: reg
Subscription-State: active;expires=600
Contact: <sip:10.30.0.2:5060>
Content-Type: application/reginfo+xml
Content-Length: 95

""".replace(b"\n", b"\r\n")
    + (b'<?xml version="1.0"?><reginfo xmlns="urn:ietf:params:xml:ns:reginfo" version="0" state="full"/>')
)
