/** Attributes that hold a URL, or more. */
const URLS: ReadonlySet<string> = new Set(
  'action archive background cite classid codebase data formaction href icon longdesc manifest ping poster profile src srcset usemap xlink:href'.split(
    ' ',
  ),
)

/** What a link in a mail may begin with; one without a scheme is relative. */
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'cid'])

/** Words, numbers, colours: nothing that loads or runs. */
const STYLE = /^[\w\s#%.,-]*$/

/**
 * Throws unless a value may stand in a quoted attribute.
 *
 * @param whole the attribute with all that is known of it
 */
export function expectSafeAttribute(name: string, whole: string, value: string): void {
  if (name.startsWith('on')) {
    throw new TypeError(
      `Expected no value in the attribute "${name}", which runs as a program, got one`,
    )
  }
  if (name === 'srcdoc') throw new TypeError('Expected no value in the attribute "srcdoc", got one')
  if (name === 'style' && !STYLE.test(value)) {
    throw new TypeError(
      'Expected a value in "style" to be words, numbers or colours, got another one',
    )
  }
  if (URLS.has(name)) expectSafeUrl(name, whole)
}

/** What most links begin with: nothing in it changes when blanks are passed over. */
const USUAL = /^https?:/

function expectSafeUrl(name: string, url: string): void {
  if (USUAL.test(url)) return
  // Browsers pass over blanks and control characters before a scheme and within it.
  // eslint-disable-next-line no-control-regex
  const scheme = /^([^/?#:]*):/.exec(url.replaceAll(/[\0-\x20]/g, ''))?.[1]?.toLowerCase()
  if (scheme === undefined || SCHEMES.has(scheme)) return
  throw new TypeError(
    `Expected a URL in "${name}" to begin with ${[...SCHEMES].join(':, ')}: or to have no scheme, got another one`,
  )
}
