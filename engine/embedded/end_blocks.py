"""The headers of the end of a call, in blocks, as recorded from FreeSWITCH 1.10.12.

The same form as in ``event_blocks``: one header a line, ``%(name)s`` is filled in for each call.
"""

from __future__ import annotations

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
