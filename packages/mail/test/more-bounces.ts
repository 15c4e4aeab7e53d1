import { type Expected, message, original, TEXT } from './bounce-samples.ts'

/** What further programs and providers write, by what a collection of real reports has of them. */
export const MORE_BOUNCES: readonly (readonly [
  name: string,
  raw: string,
  recipients: readonly Expected[],
])[] = [
  [
    'Microsoft 365, by RFC 3464',
    message(
      'From: postmaster@corp.example\nSubject: Undeliverable: plan',
      [
        'text/html; charset=utf-8',
        '<p>Your message to gone@corp.example couldn&#39;t be delivered.</p>',
      ],
      [
        'message/delivery-status',
        `Reporting-MTA: dns;TY2PR01MB0001.jpnprd01.prod.outlook.com
Received-From-MTA: dns;OS0PR01MB0002.jpnprd01.prod.outlook.com
Arrival-Date: Sun, 29 Nov 2026 01:00:00 +0000

Final-Recipient: rfc822;gone@corp.example
Action: failed
Status: 5.1.10
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup`,
      ],
      ['message/rfc822', original],
    ),
    [{ address: 'gone@corp.example', status: '5.1.10', code: 550, isPermanent: true }],
  ],
  [
    'Amazon SES, by RFC 3464',
    message(
      'From: MAILER-DAEMON@us-west-2.amazonses.com\nSubject: Delivery Status Notification (Failure)',
      [
        TEXT,
        'An error occurred while trying to deliver the mail to the following recipients:\ngone@example.com',
      ],
      [
        'message/delivery-status',
        `Reporting-MTA: dns; a27-1.smtp-out.us-west-2.amazonses.com

Action: failed
Final-Recipient: rfc822; gone@example.com
Diagnostic-Code: smtp; 550 5.1.1 user unknown
Status: 5.1.1`,
      ],
      ['message/rfc822', original],
    ),
    [{ address: 'gone@example.com', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'Gmail, by RFC 3464, of which each line has its code',
    message(
      'From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>\nX-Failed-Recipients: gone@example.com',
      [TEXT, '** Address not found **\n\nYour message wasn’t delivered to gone@example.com.'],
      [
        'message/delivery-status',
        `Reporting-MTA: dns; googlemail.com
Arrival-Date: Sun, 29 Nov 2026 01:00:00 -0800 (PST)
X-Original-Message-ID: <plan-7@example.jp>

Final-Recipient: rfc822; gone@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com. (192.0.2.1, the server for the domain example.com.)
Diagnostic-Code: smtp; 550-5.1.1 The email account that you tried to reach does not exist.
 550-5.1.1 Please try double-checking the address.
 550 5.1.1 gsmtp`,
      ],
      ['message/rfc822', original],
    ),
    [{ address: 'gone@example.com', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'Gmail, in words: a delay',
    message('From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>', [
      TEXT,
      `This is an automatically generated Delivery Status Notification

THIS IS A WARNING MESSAGE ONLY.

Delivery to the following recipient has been delayed:

     slow@example.com

Message will be retried for 2 more day(s)

----- Original message -----

${original}`,
    ]),
    [{ address: 'slow@example.com', action: 'delayed', status: '4.4.1', isPermanent: false }],
  ],
  [
    'Yahoo',
    message('From: MAILER-DAEMON@yahoo.com\nSubject: Failure Notice', [
      TEXT,
      `Sorry, we were unable to deliver your message to the following address.

<a@nowhere.example>:
No mx record found for domain=nowhere.example

--- Below this line is a copy of the message.

${original}`,
    ]),
    [{ address: 'a@nowhere.example', status: '5.4.4', isPermanent: true }],
  ],
  [
    'GMX, which quotes the address',
    message('From: MAILER-DAEMON@mail.gmx.com\nSubject: Mail delivery failed', [
      TEXT,
      `A message that you sent could not be delivered to one or more of
its recipients. The following address failed:

"full@example.com":
SMTP error from remote server after RCPT command:
host: mx.example.com
5.2.2 <full@example.com>... Mailbox Full

--- The header of the original message is following. ---

${original}`,
    ]),
    [{ address: 'full@example.com', status: '5.2.2', isPermanent: true }],
  ],
  [
    'Zoho',
    message('From: mailer-daemon@mail.zoho.com\nSubject: Undelivered Mail Returned to Sender', [
      TEXT,
      `This message was created automatically by mail delivery software.

gone@example.com Invalid Address, ERROR_CODE :550, ERROR_CODE :mailbox unavailable

Received:from mail.zoho.com by mx.zohomail.com
${original}`,
    ]),
    [{ address: 'gone@example.com', status: '5.0.0', code: 550, isPermanent: true }],
  ],
  [
    'DragonFly, by nobody',
    message('From: MAILER-DAEMON <>\nSubject: Mail delivery failed', [
      TEXT,
      `This is the DragonFly Mail Agent v0.13 at mx.example.jp.

There was an error delivering your mail to <gone@example.com>.

mx.example.com [192.0.2.1] did not like our RCPT TO:
550 5.1.1 <gone@example.com>: User unknown

Message headers follow.

${original}
X: other@example.com: 550 not this one`,
    ]),
    [{ address: 'gone@example.com', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'Exchange, with the day before its date',
    message('From: System Administrator <postmaster@corp.example>\nSubject: Undeliverable: plan', [
      TEXT,
      `Your message

  To:      gone@corp.example
  Subject: plan

did not reach the following recipient(s):

gone@corp.example on Sun, 29 Nov 2026 10:00:00 +0900
    The recipient name is not recognized
    MSEXCH:IMS:CORP:EX01 0 (000C05A6) Unknown Recipient`,
    ]),
    [{ address: 'gone@corp.example', status: '5.1.1', isPermanent: true }],
  ],
  [
    'sendmail, whose types were lost on the way',
    message('From: Mail Delivery Subsystem <MAILER-DAEMON>', [
      TEXT,
      `This is a MIME-encapsulated message

--w595/mx.example.jp

   ----- The following addresses had permanent fatal errors -----
<gone@example.com>
    (reason: 550 no)

--w595/mx.example.jp
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example.jp

Final-Recipient: RFC822; gone@example.com
Action: failed
Status: 5.0.0
Diagnostic-Code: SMTP; 550 no

--w595/mx.example.jp
Content-Type: message/rfc822

Return-Path: <no-reply@example.jp>
${original}

Final-Recipient: RFC822; other@example.com
Action: failed`,
    ]),
    [{ address: 'gone@example.com', status: '5.0.0', code: 550, isPermanent: true }],
  ],
  [
    'KDDI, under a name of its own',
    message('From: no-reply@x.dion.ne.jp\nSubject: Mail', [
      TEXT,
      `送信先のメールボックスが一杯のため、送信できませんでした。

Your mail sent on: Sun, 29 Nov 2026 10:00:00 +0900
     Could not be delivered to: <full@x.dion.ne.jp> 
     As their mailbox is full.`,
    ]),
    [{ address: 'full@x.dion.ne.jp', status: '5.2.2', isPermanent: true }],
  ],
  [
    'BIGLOBE',
    message('From: postmaster@biglobe.ne.jp\nSubject: Returned mail: Service unavailable', [
      TEXT,
      `   ----- The following addresses had delivery problems -----
full@mxr.biglobe.ne.jp

   ----- Non-delivered information -----
The number of messages in recipient's mailbox exceeded the local limit.`,
    ]),
    [{ address: 'full@mxr.biglobe.ne.jp', status: '5.2.2', isPermanent: true }],
  ],
  [
    'au, whose time was over: it failed, and may go another time',
    message('From: Postmaster@ezweb.ne.jp\nSubject: Mail System Error - Returned Mail', [
      TEXT,
      `Your message was not delivered within 0 days and 1 hours.
Remote host is not responding.

The following recipients did not receive this message:

<hanako@ezweb.ne.jp>`,
    ]),
    [{ address: 'hanako@ezweb.ne.jp', action: 'failed', status: '4.4.7', isPermanent: false }],
  ],
]

/** A complaint of Microsoft's programme: no report, only the message. */
export const JUNK_MAIL: string = message(
  'From: staff@hotmail.com\nSubject:  complaint about message from 192.0.2.1',
  ['message/rfc822', `X-HmXmrOriginalRecipient: hanako@outlook.example\n${original}\n\nspam?`],
).replace('report-type=x; ', '')
