<?php
// Sends a message to a number and prints what was answered.  AVANAK_URL, AVANAK_TOKEN; MESSAGE_ID NUMBER.
$body = json_encode(['message_id' => (int) $argv[1], 'number' => $argv[2], 'reference' => 'order 12']);
$answer = file_get_contents(getenv('AVANAK_URL') . '/api/v1/quick-sends', false, stream_context_create(['http' => [
    'method' => 'POST',
    'header' => implode("\r\n", [
        'Authorization: Bearer ' . getenv('AVANAK_TOKEN'),
        'Content-Type: application/json',
        'Idempotency-Key: order-12',
    ]),
    'content' => $body,
    'ignore_errors' => true,
]]));
echo $answer;
