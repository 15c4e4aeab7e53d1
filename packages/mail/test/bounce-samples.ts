/** A message as a server sends it back: its headers, and its parts or its text. */
export function message(
  headers: string,
  ...parts: readonly (readonly [type: string, body: string])[]
): string {
  const [only] = parts
  const head = `Return-Path: <>\nTo: bounce@example.jp\nMIME-Version: 1.0\n${headers.trim()}\n`
  const body =
    parts.length === 1 && only !== undefined
      ? `Content-Type: ${only[0]}\n\n${only[1].trim()}\n`
      : [
          'Content-Type: multipart/report; report-type=x; boundary="b"\n',
          ...parts.map(([type, text]) => `--b\nContent-Type: ${type}\n\n${text.trim()}\n`),
          '--b--\n',
        ].join('\n')
  return `${head}${body}`.replaceAll('\n', '\r\n')
}

export const original = 'From: no-reply@example.jp\nMessage-ID: <plan-7@example.jp>\nSubject: plan'
export const TEXT = 'text/plain; charset=utf-8'

/** What a report must say. */
export interface Expected {
  readonly address: string
  readonly action?: string
  readonly status?: string
  readonly code?: number | undefined
  readonly isPermanent: boolean
}

/** Each with what is said of its recipients. */
export const BOUNCES: readonly (readonly [
  name: string,
  raw: string,
  recipients: readonly Expected[],
])[] = [
  [
    'Postfix, by RFC 3464',
    message(
      'From: MAILER-DAEMON@mx.example.jp (Mail Delivery System)\nSubject: Undelivered Mail',
      [
        TEXT,
        'This is the mail system at host mx.example.jp.\n\n<gone@example.com>: host x said: 550',
      ],
      [
        'message/delivery-status',
        `Reporting-MTA: dns; mx.example.jp
Arrival-Date: Sun, 29 Nov 2026 10:00:00 +0900

Final-Recipient: rfc822; forwarded@example.net
Original-Recipient: rfc822;gone+20@example.com
Action: failed
Status: 5.1.1
Remote-MTA: dns; mx.example.com
Diagnostic-Code: smtp; 550 5.1.1 <gone@example.com>: Recipient address
    rejected: User unknown

Final-Recipient: rfc822; slow@example.com
Action: delayed
Status: 4.4.1
Will-Retry-Until: Fri, 4 Dec 2026 10:00:00 +0900`,
      ],
      ['message/rfc822', `${original}\n\nMessage-ID: <in-the-body@example.jp>`],
    ),
    [
      {
        address: 'gone+20@example.com',
        action: 'failed',
        status: '5.1.1',
        code: 550,
        isPermanent: true,
      },
      { address: 'slow@example.com', action: 'delayed', status: '4.4.1', isPermanent: false },
    ],
  ],
  [
    'Exchange, with a status that says nothing',
    message(
      'From: postmaster@corp.example\nSubject: Undeliverable: plan',
      [TEXT, 'Delivery has failed to these recipients or groups:'],
      [
        'message/delivery-status',
        `Reporting-MTA: dns;EX01.corp.example

Final-Recipient: RFC822;<gone@corp.example>
Action: failed
Status: 5.0.0
Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found`,
      ],
      ['text/rfc822-headers', original],
    ),
    [{ address: 'gone@corp.example', status: '5.1.10', code: 550, isPermanent: true }],
  ],
  [
    'a report of success',
    message(
      'From: MAILER-DAEMON@mx.example.jp\nSubject: Success',
      [TEXT, 'ok'],
      [
        'message/delivery-status',
        'Reporting-MTA: dns; mx\n\nFinal-Recipient: rfc822; a@example.com\nAction: delivered\nStatus: 2.0.0',
      ],
    ),
    [{ address: 'a@example.com', action: 'delivered', status: '2.0.0', isPermanent: false }],
  ],
  [
    'Exim, in words',
    message(
      'From: Mail Delivery System <Mailer-Daemon@mx.example.jp>\nX-Failed-Recipients: gone@example.com',
      [
        TEXT,
        `This message was created automatically by mail delivery software.

A message that you sent could not be delivered to one or more of its
recipients. This is a permanent error. The following address(es) failed:

  gone@example.com
    host mx.example.com [192.0.2.1]
    SMTP error from remote mail server after RCPT TO:<gone@example.com>:
    550 5.1.1 No such user here

------ This is a copy of the message, including all the headers. ------

${original}

other@example.com: 550 not this one`,
      ],
    ),
    [
      {
        address: 'gone@example.com',
        action: 'failed',
        status: '5.1.1',
        code: 550,
        isPermanent: true,
      },
    ],
  ],
  [
    'Postfix, in words',
    message('From: MAILER-DAEMON@mx.example.jp', [
      TEXT,
      `This is the Postfix program at host mx.example.jp.

<full@example.com>: host mx.example.com[192.0.2.1] said: 452 4.2.2 Mailbox full
    (in reply to RCPT TO command)

<none@nowhere.example>: Host or domain name not found. Name service error for
    name=nowhere.example type=MX: Host not found`,
    ]),
    [
      {
        address: 'full@example.com',
        action: 'delayed',
        status: '4.2.2',
        code: 452,
        isPermanent: false,
      },
      { address: 'none@nowhere.example', status: '5.4.4', code: undefined, isPermanent: true },
    ],
  ],
  [
    'qmail',
    message('From: MAILER-DAEMON@mx.example.jp\nSubject: failure notice', [
      'text/plain',
      `Hi. This is the qmail-send program at mx.example.jp.
I'm afraid I wasn't able to deliver your message to the following addresses.
This is a permanent error; I've given up. Sorry it didn't work out.

<gone@example.com>:
192.0.2.1 does not like recipient.
Remote host said: 550 sorry, no mailbox here by that name (#5.1.1)
Giving up on 192.0.2.1.

--- Below this line is a copy of the message.

${original}`,
    ]),
    [{ address: 'gone@example.com', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'Exchange, in words',
    message('From: postmaster@corp.example\nSubject: Undeliverable: plan', [
      TEXT,
      `Your message did not reach some or all of the intended recipients.

The following recipient(s) could not be reached:

      gone@corp.example on 29.11.2026 10:00
            The e-mail account does not exist at the organization this message was sent to.
            <ex01.corp.example #5.1.1>`,
    ]),
    [{ address: 'gone@corp.example', status: '5.1.1', isPermanent: true }],
  ],
  [
    'docomo',
    message('From: mailer-daemon@docomo.ne.jp\nSubject: Returned mail: User unknown', [
      TEXT,
      `The following recipients did not receive your message:

<taro..yamada.@docomo.ne.jp>
550 Unknown user taro..yamada.@docomo.ne.jp`,
    ]),
    [{ address: 'taro..yamada.@docomo.ne.jp', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'au, which says why before it says who',
    message('From: Postmaster@ezweb.ne.jp\nSubject: Mail System Error - Returned Mail', [
      TEXT,
      `The user(s) account is disabled.

<hanako@ezweb.ne.jp>`,
    ]),
    [{ address: 'hanako@ezweb.ne.jp', status: '5.1.1', isPermanent: true }],
  ],
  [
    'au, of another server',
    message('From: Postmaster@au.com\nSubject: Mail System Error - Returned Mail', [
      TEXT,
      `Each of the following recipients was rejected by a remote mail server.

    Recipient: <hanako@au.com>
    >>> RCPT TO:<hanako@au.com>
    <<< 550 <hanako@au.com>: User unknown`,
    ]),
    [{ address: 'hanako@au.com', status: '5.1.1', code: 550, isPermanent: true }],
  ],
  [
    'SoftBank',
    message('From: MAILER-DAEMON@softbank.ne.jp (Mail Delivery System)', [
      TEXT,
      `<hanako@softbank.ne.jp>: host mx.softbank.ne.jp[192.0.2.1] said: 550 5.2.0 Message rejected due to
    domain reject settings (in reply to end of DATA command)`,
    ]),
    [{ address: 'hanako@softbank.ne.jp', status: '5.2.0', code: 550, isPermanent: true }],
  ],
]

/** What is none, though it looks a little like one. */
export const OTHERS: readonly (readonly [name: string, raw: string])[] = [
  [
    'a person who writes of an address',
    message('From: Hanako <hanako@example.jp>\nSubject: address', [
      TEXT,
      '<gone@example.com>: host x said: 550 5.1.1 User unknown',
    ]),
  ],
  [
    'an absence note',
    message('From: hanako@example.jp\nAuto-Submitted: auto-replied\nSubject: Out of office', [
      TEXT,
      'I am away until Monday. Please ask taro@example.jp.',
    ]),
  ],
  [
    'a postmaster who writes a letter',
    message('From: postmaster@example.jp\nSubject: hello', [
      TEXT,
      'taro@example.jp\n\nis new here.',
    ]),
  ],
  ['nothing at all', ''],
]

/** By RFC 5965, and as a provider writes it that takes the address out. */
export const COMPLAINT: string = message(
  'From: feedback@provider.example\nSubject: FW: plan',
  [TEXT, 'This is an email abuse report.'],
  [
    'message/feedback-report',
    `Feedback-Type: abuse
User-Agent: SomeGenerator/1.0
Version: 1
Original-Mail-From: <bounce+7@example.jp>
Original-Rcpt-To: <hanako@provider.example>
Original-Rcpt-To: taro@provider.example
Arrival-Date: Sun, 29 Nov 2026 10:00:00 +0900
Source-IP: 192.0.2.1`,
  ],
  ['message/rfc822', `${original}\n\nspam?`],
)

export const MISSING: string = message(
  'From: feedback@provider.example',
  [TEXT, 'x'],
  ['message/feedback-report', 'Feedback-Type: Fraud\nArrival-Date: yesterday'],
)
