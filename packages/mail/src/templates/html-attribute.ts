import { ENTITY, type HtmlTag } from './html-context.ts'

/** Attributes that hold a URL. */
const URLS: ReadonlySet<string> = new Set(
  'action background cite classid codebase data dynsrc formaction href icon longdesc lowsrc manifest poster profile src usemap xlink:href'.split(
    ' ',
  ),
)

/** Attributes that hold several, between blanks or commas. */
const LISTS: ReadonlySet<string> = new Set([
  'archive',
  'attributionsrc',
  'imagesrcset',
  'ping',
  'srcset',
])

/** What SVG's animations put into another attribute, which may be a link. */
const ANIMATED: ReadonlySet<string> = new Set(['attributename', 'to', 'values', 'from', 'by'])

/** What a link in a mail may begin with; one without a scheme is relative. */
const SCHEMES: ReadonlySet<string> = new Set(['http', 'https', 'mailto', 'tel', 'sms', 'cid'])

/** Words, numbers, colours: nothing that loads or runs. */
const STYLE = /^[\w\s#%.,-]*$/

/** Where a value stands. */
interface Place {
  readonly tag: HtmlTag
  readonly name: string
  /** The attribute with all that is known of it; an {@link ENTITY} for each `&` of the template. */
  readonly whole: string
}

/** Throws unless a value may stand in a quoted attribute. */
export function expectSafeAttribute({ tag, name, whole }: Place, value: string): void {
  if (name.startsWith('on')) {
    throw new TypeError(
      `Expected no value in the attribute "${name}", which runs as a program, got one`,
    )
  }
  if (isForNoValue(tag, name)) {
    throw new TypeError(`Expected no value in the attribute "${name}" of <${tag.element}>, got one`)
  }
  if (name === 'style' && !STYLE.test(value)) {
    throw new TypeError(
      'Expected a value in "style" to be words, numbers or colours, got another one',
    )
  }
  if (URLS.has(name)) expectSafeUrl(name, whole)
  else if (LISTS.has(name)) {
    // It may be a blank or a comma.
    if (whole.includes(ENTITY)) {
      throw new TypeError(`Expected no entity but &amp; in the URLs of "${name}", got one`)
    }
    for (const url of whole.split(/[\s,]/)) expectSafeUrl(name, url)
  }
}

/** What is a document, an instruction to the browser, or another attribute. */
function isForNoValue({ element, isPragma }: HtmlTag, name: string): boolean {
  if (name === 'srcdoc' || name === 'http-equiv') return true
  if (name === 'content') return isPragma
  return ANIMATED.has(name) && (element === 'set' || element.startsWith('animate'))
}

/** What most links begin with: nothing in it changes when blanks are passed over. */
const USUAL = /^https?:/

function expectSafeUrl(name: string, url: string): void {
  if (USUAL.test(url)) return
  // Browsers pass over blanks and control characters before a scheme and within it.
  // eslint-disable-next-line no-control-regex
  const plain = url.replaceAll(/[\0-\x20]/g, '')
  const settled = plain.search(/[/?#:]/)
  if (plain.slice(0, settled < 0 ? undefined : settled).includes(ENTITY)) {
    throw new TypeError(`Expected no entity where the URL in "${name}" begins, got one`)
  }
  const scheme = plain[settled] === ':' ? plain.slice(0, settled).toLowerCase() : undefined
  if (scheme === undefined || SCHEMES.has(scheme)) return
  throw new TypeError(
    `Expected a URL in "${name}" to begin with ${[...SCHEMES].join(':, ')}: or to have no scheme, got another one`,
  )
}
