import { existsSync, globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { DefaultTheme } from 'vitepress'
import { entries, root } from './packages.ts'

/** What stands beside the pages: the order is that of the index page of each folder. */
export function sidebar(): DefaultTheme.SidebarItem[] {
  return [
    { text: 'Start', items: [item('docs/start.md')] },
    { text: 'Guide', items: listedBy('docs/guide') },
    { text: 'Recipes', collapsed: true, items: listedBy('docs/recipes') },
    { text: 'Field guide', collapsed: true, items: listedBy('docs/field-guide') },
    { text: 'Packages: manual and reference', collapsed: true, items: packages('Manual') },
    {
      text: 'What holds',
      items: [
        { text: 'How is this different', link: '/docs/compare' },
        { text: 'Semantics', link: '/docs/semantics' },
        { text: 'Security', link: '/docs/security' },
        { text: 'Threads and processes', link: '/docs/executors' },
        { text: 'Bundlers and runtimes', link: '/docs/bundlers-and-runtimes' },
        { text: 'Operations', link: '/docs/operations' },
        { text: 'Support', link: '/docs/support' },
        { text: 'Vocabulary', link: '/docs/reference/vocabulary' },
        { text: 'Benchmarks', link: '/docs/benchmarks' },
      ],
    },
    { text: 'Decisions', collapsed: true, items: decisions() },
  ]
}

/** What stands beside the pages in Japanese. */
export function japaneseSidebar(): DefaultTheme.SidebarItem[] {
  return [
    { text: 'はじめに', items: [item('docs/ja/start.md')] },
    { text: 'ガイド', items: listedBy('docs/ja/guide') },
    { text: 'フィールドガイド', collapsed: true, items: listedBy('docs/ja/field-guide') },
    {
      text: 'きまりと運用',
      items: ['compare', 'semantics', 'operations', 'glossary'].map((page) =>
        item(`docs/ja/${page}.md`),
      ),
    },
    {
      text: '英語のページ',
      collapsed: true,
      items: [
        { text: 'レシピ', link: '/docs/recipes/' },
        { text: 'セキュリティ', link: '/docs/security' },
        { text: 'エグゼキューター', link: '/docs/executors' },
        { text: 'サポート', link: '/docs/support' },
        { text: '語彙', link: '/docs/reference/vocabulary' },
        { text: 'ベンチマーク', link: '/docs/benchmarks' },
      ],
    },
    { text: 'パッケージ', collapsed: true, items: packages('マニュアル') },
  ]
}

/** The pages that the index of a folder links to, by the titles that they have. */
function listedBy(folder: string): DefaultTheme.SidebarItem[] {
  const index = readFileSync(join(root, folder, 'README.md'), 'utf8')
  const pages = new Set([...index.matchAll(/\]\(([\w-]+\.md)/g)].map(([, page = '']) => page))
  return [...pages].map((page) => item(`${folder}/${page}`))
}

/** Each package with its manual, its guarantees and the reference of its entries. */
function packages(manualIs: string): DefaultTheme.SidebarItem[] {
  const mains = entries().filter(({ isMain }) => isMain)
  return mains.map(({ name }) => {
    const folder = `/packages/${name.replace('@yuzuru/', '')}`
    const reference = entries()
      .filter((entry) => entry.name === name || entry.name.startsWith(`${name}/`))
      .map((entry) => ({ text: entry.name, link: `/reference/${entry.name}` }))
    const manual = `docs/manual/${name.replace('@yuzuru/', '')}`
    const pages = existsSync(join(root, manual))
      ? [{ text: manualIs, collapsed: true, link: `/${manual}/`, items: listedBy(manual) }]
      : []
    return {
      text: name,
      collapsed: true,
      link: `${folder}/`,
      items: [...pages, { text: 'Guarantees', link: `${folder}/GUARANTEES` }, ...reference],
    }
  })
}

function decisions(): DefaultTheme.SidebarItem[] {
  return globSync('docs/decisions/*.md', { cwd: root }).sort().map(item)
}

function item(page: string): DefaultTheme.SidebarItem {
  const title = /^# (.*)$/m.exec(readFileSync(join(root, page), 'utf8'))?.[1] ?? page
  return { text: title.replaceAll('`', ''), link: `/${page.replace(/\.md$/, '')}` }
}
