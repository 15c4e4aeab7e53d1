/** Makes the reference of each entry from its declarations: `reference/@yuzuru/db/testing.md`. */
import { join, relative } from 'node:path'
import { Application, type Context, Converter, ReflectionKind, type TypeDocOptions } from 'typedoc'
import type { PluginOptions } from 'typedoc-plugin-markdown'
import { entries, root } from './packages.ts'

const all = entries()
const options: TypeDocOptions & Partial<PluginOptions> = {
  entryPoints: all.map(({ source }) => source),
  tsconfig: join(root, 'site/tsconfig.reference.json'),
  plugin: ['typedoc-plugin-markdown'],
  router: 'module',
  out: join(root, 'site/reference'),
  readme: 'none',
  excludeInternal: true,
  excludePrivate: true,
  excludeExternals: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'table',
  classPropertiesFormat: 'table',
  typeDeclarationFormat: 'table',
  enumMembersFormat: 'table',
  propertyMembersFormat: 'table',
  useHTMLEncodedBrackets: true,
  useCustomAnchors: true,
  customAnchorsFormat: 'curlyBrace',
  disableSources: true,
  skipErrorChecking: true,
  hidePageHeader: true,
  hideBreadcrumbs: true,
  logLevel: 'Warn',
}
const app = await Application.bootstrapWithPlugins(options)
app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }: Context) => {
  // "db/src/testing" is imported as "@yuzuru/db/testing".
  const names = new Map(all.map(({ name, source }) => [moduleOf(source), name]))
  for (const module of project.getReflectionsByKind(ReflectionKind.Module)) {
    const name = names.get(module.name)
    if (name === undefined) throw new Error(`Expected an entry of a package, got ${module.name}`)
    module.name = name
  }
})
const project = await app.convert()
if (project === undefined) process.exit(1)
await app.generateOutputs(project)
if (app.logger.hasErrors()) process.exit(1)

/** What typedoc calls it: `db/src/testing`, or `db/src` for the main entry. */
function moduleOf(source: string): string {
  return relative(join(root, 'packages'), source).replace(/(?:\/index)?\.ts$/, '')
}
