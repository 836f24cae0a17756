"""The headers of channel events, in blocks, as recorded from FreeSWITCH 1.10.12.

One header a line, in the order of the transcripts (tests/embedded/transcripts); ``%(name)s`` is filled in for each
call.  ``event_templates`` combines the blocks: the same block has different places in different events, as in the
transcripts.
"""

from __future__ import annotations

HEAD = """
Event-Name: %(event)s
Core-UUID: %(core_uuid)s
FreeSWITCH-Hostname: %(hostname)s
FreeSWITCH-Switchname: %(hostname)s
FreeSWITCH-IPv4: 127.0.0.1
FreeSWITCH-IPv6: ::1
Event-Date-Local: %(date_local)s
Event-Date-GMT: %(date_gmt)s
Event-Date-Timestamp: %(now_us)s
Event-Calling-File: %(file)s
Event-Calling-Function: %(function)s
Event-Calling-Line-Number: %(line)s
Event-Sequence: %(sequence)s
"""

STATE = """
Channel-State: %(state)s
Channel-Call-State: %(call_state)s
Channel-State-Number: %(state_number)s
"""

CHANNEL = """
Channel-Name: sofia/external/%(number)s
Unique-ID: %(uuid)s
Call-Direction: outbound
Presence-Call-Direction: outbound
Channel-HIT-Dialplan: %(hit_dialplan)s
Channel-Call-UUID: %(uuid)s
Answer-State: %(answer_state)s
"""

CODECS = """
Channel-Read-Codec-Name: PCMA
Channel-Read-Codec-Rate: 8000
Channel-Read-Codec-Bit-Rate: 64000
Channel-Write-Codec-Name: PCMA
Channel-Write-Codec-Rate: 8000
Channel-Write-Codec-Bit-Rate: 64000
"""

# Before the answer the far end is the callee; afterwards FreeSWITCH swaps caller and callee.
CALLER_BEFORE_ANSWER = """
Caller-Direction: outbound
Caller-Logical-Direction: outbound
Caller-Caller-ID-Number: %(caller_id)s
Caller-Orig-Caller-ID-Number: %(caller_id)s
Caller-Callee-ID-Name: Outbound Call
Caller-Callee-ID-Number: %(number)s
"""

CALLER_AFTER_ANSWER = """
Caller-Direction: outbound
Caller-Logical-Direction: outbound
Caller-Caller-ID-Name: Outbound Call
Caller-Caller-ID-Number: %(number)s
Caller-Orig-Caller-ID-Number: %(caller_id)s
Caller-Callee-ID-Number: %(caller_id)s
"""

NETWORK = """
Caller-Network-Addr: 127.0.0.1
"""

CALLER = """
Caller-ANI: 0000000000
Caller-Destination-Number: %(number)s
Caller-Unique-ID: %(uuid)s
Caller-Source: src/switch_ivr_originate.c
Caller-Context: default
Caller-Channel-Name: sofia/external/%(number)s
Caller-Profile-Index: 1
Caller-Profile-Created-Time: %(created_us)s
Caller-Channel-Created-Time: %(created_us)s
Caller-Channel-Answered-Time: %(answered_us)s
Caller-Channel-Progress-Time: %(progress_us)s
Caller-Channel-Progress-Media-Time: %(early_us)s
Caller-Channel-Hangup-Time: %(ended_us)s
Caller-Channel-Transfer-Time: 0
Caller-Channel-Resurrect-Time: 0
Caller-Channel-Bridged-Time: 0
Caller-Channel-Last-Hold: 0
Caller-Channel-Hold-Accum: 0
Caller-Screen-Bit: true
Caller-Privacy-Hide-Name: false
Caller-Privacy-Hide-Number: false
"""

OUTBOUND = """
variable_direction: outbound
variable_is_outbound: true
variable_uuid: %(uuid)s
"""

CALL_UUID = """
variable_call_uuid: %(uuid)s
"""

SESSION = """
variable_session_id: %(session_id)s
variable_sip_gateway_name: %(gateway)s
"""

LOCAL_ADDRESS = """
variable_sip_local_network_addr: 127.0.0.1
"""

TRUNK = """
variable_sip_profile_name: gateway
variable_video_media_flow: disabled
variable_text_media_flow: disabled
variable_channel_name: sofia/external/%(number)s
variable_sip_destination_url: sip:%(number)s@127.0.0.1:5090
"""

# The variables of the originate string come between TRUNK and ENDPOINT.
ENDPOINT = """
variable_originate_early_media: false
variable_originate_endpoint: sofia
"""

AUDIO_FLOW = """
variable_audio_media_flow: sendrecv
"""

CODEC_OFFERED = """
variable_rtp_use_codec_string: PCMA,PCMU
"""

CODEC_CHOSEN = """
variable_ep_codec_string: CORE_PCM_MODULE.PCMA@8000h@20i@64000b
"""

OFFER = """
variable_rtp_use_codec_string: PCMA,PCMU
variable_local_media_ip: 127.0.0.1
variable_local_media_port: %(local_port)s
variable_advertised_media_ip: 127.0.0.1
"""

REQUEST = r"""
variable_rtp_local_sdp_str: v=0\r\no=FreeSWITCH %(sdp_id)s %(sdp_version)s IN IP4 127.0.0.1\r\ns=FreeSWITCH\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %(local_port)s RTP/AVP 8 0 101 13\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=rtpmap:13 CN/8000\r\na=ptime:20\r\na=sendrecv\r\n
variable_sip_outgoing_contact_uri: <sip:gw+%(gateway)s@127.0.0.1:5080;transport=udp;gw=%(gateway)s>
variable_sip_req_uri: %(number)s@127.0.0.1:5090
"""  # noqa: E501

# Only before the first response of the carrier.
REQUEST_HOSTS = """
variable_sip_to_host: 127.0.0.1:5090
variable_sip_from_host: 127.0.0.1:5090
"""

SIP_CALL_ID = """
variable_sip_call_id: %(sip_call_id)s
"""

PROFILE = """
variable_sofia_profile_name: external
variable_recovery_profile_name: external
variable_sofia_profile_url: sip:mod_sofia@127.0.0.1:5080
"""

REPLY = """
variable_sip_local_network_addr: 127.0.0.1
variable_sip_reply_host: 127.0.0.1
variable_sip_reply_port: 5090
variable_sip_network_ip: 127.0.0.1
variable_sip_network_port: 5090
"""

DIALOG = """
variable_sip_recover_contact: <sip:127.0.0.1:5090>
variable_sip_full_via: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=%(branch)s
variable_sip_recover_via: SIP/2.0/UDP 127.0.0.1:5080;rport;branch=%(branch)s
variable_sip_full_from: <sip:x@127.0.0.1:5090>;tag=%(from_tag)s
variable_sip_full_to: <sip:%(number)s@127.0.0.1:5090>;tag=%(to_tag)s
variable_sip_from_user: x
variable_sip_from_port: 5090
variable_sip_from_uri: x@127.0.0.1:5090
variable_sip_from_host: 127.0.0.1
variable_sip_to_user: %(number)s
variable_sip_to_port: 5090
variable_sip_to_uri: %(number)s@127.0.0.1:5090
variable_sip_to_host: 127.0.0.1
variable_sip_contact_user: nobody
variable_sip_contact_port: 5090
variable_sip_contact_uri: nobody@127.0.0.1:5090
variable_sip_contact_host: 127.0.0.1
variable_sip_to_tag: %(to_tag)s
variable_sip_from_tag: %(from_tag)s
variable_sip_cseq: %(cseq)s
variable_sip_call_id: %(sip_call_id)s
"""

FAR_SDP = r"""
variable_switch_r_sdp: v=0\r\no=%(gateway)s 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio %(remote_port)s RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\n
"""  # noqa: E501

MEDIA_FLOW = """
variable_remote_video_media_flow: inactive
variable_remote_text_media_flow: inactive
variable_remote_audio_media_flow: sendrecv
"""

MEDIA = """
variable_rtp_audio_recv_pt: 8
variable_rtp_use_codec_name: PCMA
variable_rtp_use_codec_rate: 8000
variable_rtp_use_codec_ptime: 20
variable_rtp_use_codec_channels: 1
variable_rtp_last_audio_codec_string: PCMA@8000h@20i@1c
variable_read_codec: PCMA
variable_original_read_codec: PCMA
variable_read_rate: 8000
variable_original_read_rate: 8000
variable_write_codec: PCMA
variable_write_rate: 8000
variable_dtmf_type: rfc2833
variable_local_media_ip: 127.0.0.1
variable_local_media_port: %(local_port)s
variable_advertised_media_ip: 127.0.0.1
variable_rtp_use_timer_name: soft
variable_rtp_use_pt: 8
variable_rtp_use_ssrc: %(ssrc)s
variable_rtp_2833_send_payload: 101
variable_rtp_2833_recv_payload: 101
variable_remote_media_ip: 127.0.0.1
variable_remote_media_port: %(remote_port)s
"""

EARLY_MEDIA = """
variable_endpoint_disposition: EARLY MEDIA
"""

AFTER_ANSWER = """
variable_endpoint_disposition: ANSWER
variable_pre_transfer_caller_id_number: %(caller_id)s
variable_channel_cid_flipped: yes
variable_call_uuid: %(uuid)s
"""

DTMF = """
DTMF-Digit: %(digit)s
DTMF-Duration: 960
DTMF-Source: RTP
"""

JOB = """
Job-UUID: %(job_uuid)s
Job-Command: %(job_command)s
Job-Command-Arg: %(job_arg)s
Content-Length: %(body_length)s
"""

HEARTBEAT = """
Event-Info: System Ready
Up-Time: %(up_time)s
FreeSWITCH-Version: 1.10.12-release~64bit
Uptime-msec: %(uptime_ms)s
Session-Count: %(sessions)s
Max-Sessions: %(max_sessions)s
Session-Per-Sec: %(sps)s
Session-Per-Sec-Last: %(sps_last)s
Session-Per-Sec-Max: %(sps_peak)s
Session-Per-Sec-FiveMin: %(sps_five)s
Session-Since-Startup: %(since_startup)s
Session-Peak-Max: %(peak)s
Session-Peak-FiveMin: %(peak_five)s
Idle-CPU: %(idle_cpu)s
"""
