"""The headers of channel events, in blocks, as a real FreeSWITCH 1.10.12 sent them.

One header a line, in the order seen in the recorded transcripts (tests/embedded/transcripts holds
them); ``%(name)s`` is filled in for each call.  ``event_templates`` puts the blocks together: the same
block stands at different places in different events, as in the recordings.
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

# Before the answer the far end is the callee; afterwards FreeSWITCH turns the two round.
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

# Only while no answer of any kind has come from the carrier.
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

REFUSED = """
variable_sip_hangup_disposition: %(disposition)s
variable_sip_invite_failure_status: %(sip_status)s
variable_sip_invite_failure_phrase: %(sip_phrase)s
variable_sip_term_status: %(sip_status)s
variable_proto_specific_hangup_cause: sip:%(sip_status)s
variable_sip_term_cause: %(q850)s
"""

CANCELLED = """
variable_sip_hangup_disposition: send_cancel
variable_sip_invite_failure_status: 487
variable_sip_invite_failure_phrase: CANCEL
"""

HANGUP_CAUSE = """
Hangup-Cause: %(cause)s
"""

ENDING = """
variable_hangup_cause: %(cause)s
variable_hangup_cause_q850: %(q850)s
variable_digits_dialed: %(digits)s
variable_start_stamp: %(created_stamp)s
variable_profile_start_stamp: %(created_stamp)s
"""

ANSWER_STAMP = """
variable_answer_stamp: %(answered_stamp)s
"""

PROGRESS_STAMP = """
variable_progress_stamp: %(progress_stamp)s
"""

EARLY_STAMP = """
variable_progress_media_stamp: %(early_stamp)s
"""

END_STAMP = """
variable_end_stamp: %(ended_stamp)s
"""

EPOCHS = """
variable_start_epoch: %(created_s)s
variable_start_uepoch: %(created_us)s
variable_profile_start_epoch: %(created_s)s
variable_profile_start_uepoch: %(created_us)s
variable_answer_epoch: %(answered_s)s
variable_answer_uepoch: %(answered_us)s
variable_bridge_epoch: 0
variable_bridge_uepoch: 0
variable_last_hold_epoch: 0
variable_last_hold_uepoch: 0
variable_hold_accum_seconds: 0
variable_hold_accum_usec: 0
variable_hold_accum_ms: %(hold_ms)s
variable_resurrect_epoch: 0
variable_resurrect_uepoch: 0
variable_progress_epoch: %(progress_s)s
variable_progress_uepoch: %(progress_us)s
variable_progress_media_epoch: %(early_s)s
variable_progress_media_uepoch: %(early_us)s
variable_end_epoch: %(ended_s)s
variable_end_uepoch: %(ended_us)s
"""

CALLER_ID_UNANSWERED = """
variable_caller_id: %(caller_id)s
"""

CALLER_ID_ANSWERED = """
variable_caller_id: "Outbound Call" <%(number)s>
"""

DURATIONS = """
variable_duration: %(duration_s)s
variable_billsec: %(bill_s)s
variable_progresssec: %(ring_s)s
variable_answersec: %(answer_s)s
variable_waitsec: 0
variable_progress_mediasec: %(early_wait_s)s
variable_flow_billsec: %(flow_s)s
variable_mduration: %(duration_ms)s
variable_billmsec: %(bill_ms)s
variable_progressmsec: %(ring_ms)s
variable_answermsec: %(answer_ms)s
variable_waitmsec: 0
variable_progress_mediamsec: %(early_wait_ms)s
variable_flow_billmsec: %(flow_ms)s
variable_uduration: %(duration_us)s
variable_billusec: %(bill_us)s
variable_progressusec: %(ring_us)s
variable_answerusec: %(answer_us)s
variable_waitusec: 0
variable_progress_mediausec: %(early_wait_us)s
variable_flow_billusec: %(flow_us)s
"""

HANGUP_DISPOSITION = """
variable_sip_hangup_disposition: %(disposition)s
"""

RTP_COUNTS = """
variable_rtp_audio_in_raw_bytes: 0
variable_rtp_audio_in_media_bytes: 0
variable_rtp_audio_in_packet_count: 0
variable_rtp_audio_in_media_packet_count: 0
variable_rtp_audio_in_skip_packet_count: %(out_packets)s
variable_rtp_audio_in_jitter_packet_count: 0
variable_rtp_audio_in_dtmf_packet_count: 0
variable_rtp_audio_in_cng_packet_count: 0
variable_rtp_audio_in_flush_packet_count: 0
variable_rtp_audio_in_largest_jb_size: 0
variable_rtp_audio_in_jitter_min_variance: 0.00
variable_rtp_audio_in_jitter_max_variance: 0.00
variable_rtp_audio_in_jitter_loss_rate: 0.00
variable_rtp_audio_in_jitter_burst_rate: 0.00
variable_rtp_audio_in_mean_interval: 0.00
variable_rtp_audio_in_flaw_total: 0
variable_rtp_audio_in_quality_percentage: 100.00
variable_rtp_audio_in_mos: 4.50
variable_rtp_audio_out_raw_bytes: %(out_bytes)s
variable_rtp_audio_out_media_bytes: %(out_bytes)s
variable_rtp_audio_out_packet_count: %(out_packets)s
variable_rtp_audio_out_media_packet_count: %(out_packets)s
variable_rtp_audio_out_skip_packet_count: 0
variable_rtp_audio_out_dtmf_packet_count: 0
variable_rtp_audio_out_cng_packet_count: 0
variable_rtp_audio_rtcp_packet_count: 0
variable_rtp_audio_rtcp_octet_count: 0
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
