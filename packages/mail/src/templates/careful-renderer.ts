import type { CompileTemplate, TemplateFile } from './compile-template.ts'

/** How a value is placed by Jinja's kind, handlebars, Liquid and Mustache; and by EJS's kind. */
const PLACES: readonly string[] = ['{{ value }}', '<%= value %>']

const VALUE = `<b>&"`
const ESCAPED = /^&(?:lt|#0*60|#x0*3c);b&(?:gt|#0*62|#x0*3e);&(?:amp|#0*38|#x0*26);/i

/**
 * Tries what a renderer does with a value and without one. One that places values in yet another way is not
 * judged.
 *
 * @throws {TypeError} when it leaves a hole for a variable that is missing, lets a value be HTML, or escapes
 * the values of a text
 */
export async function expectCareful(compile: CompileTemplate, file: TemplateFile): Promise<void> {
  for (const place of PLACES) {
    const rendered = await renderedBy(compile, file, place, { value: VALUE })
    const isEscaped = rendered !== undefined && ESCAPED.test(rendered)
    if (!isEscaped && rendered !== VALUE) continue
    if (file.kind === 'html' && !isEscaped) {
      throw new TypeError(
        `Expected compile to escape the values of HTML ("${file.path}"), got what does not`,
      )
    }
    if (file.kind === 'text' && isEscaped) {
      throw new TypeError(
        `Expected compile not to escape the values of a text ("${file.path}"), got what does`,
      )
    }
    if ((await renderedBy(compile, file, place, {})) !== undefined) {
      throw new TypeError(
        `Expected compile to throw for a variable that is missing ("${file.path}"), got what does not: ` +
          'handlebars has { strict: true }, Nunjucks { throwOnUndefined: true }, Liquid { strictVariables: true }',
      )
    }
  }
}

/** `undefined` when it throws. */
async function renderedBy(
  compile: CompileTemplate,
  file: TemplateFile,
  source: string,
  data: object,
): Promise<string | undefined> {
  try {
    const text: unknown = await compile(source, file)(data)
    return typeof text === 'string' ? text.trim() : undefined
  } catch {
    return undefined
  }
}
