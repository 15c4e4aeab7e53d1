import { fileURLToPath } from 'node:url'
import { slug } from 'github-slugger'
import { type DefaultTheme, defineConfig } from 'vitepress'
import { japaneseLines } from '../src/japanese-lines.ts'
import { linksToSources } from '../src/links-to-sources.ts'
import { otherLanguage } from '../src/other-language.ts'
import { japaneseSidebar, sidebar } from '../src/sidebar.ts'

const REPOSITORY = 'https://github.com/yuzuru/yuzuru'

const here = (name: string): string => fileURLToPath(import.meta.resolve(name))

const searchOptions: DefaultTheme.LocalSearchOptions = {
  locales: {
    'docs/ja': {
      translations: {
        button: { buttonText: '検索', buttonAriaLabel: '検索' },
        modal: {
          noResultsText: '見つかりませんでした:',
          resetButtonTitle: '消す',
          displayDetails: '詳しく',
          footer: { selectText: '開く', navigateText: '移動', closeText: '閉じる' },
        },
      },
    },
  },
  miniSearch: {
    options: {
      // Japanese has no spaces between its words. The function goes to the browser as text.
      tokenize: (text) => {
        const words = new Intl.Segmenter('ja', { granularity: 'word' })
        return text
          .split(/[\n\r\p{Z}\p{P}]+/u)
          .flatMap((part) =>
            /[ぁ-ヿ一-龠]/.test(part)
              ? Array.from(words.segment(part), ({ segment }) => segment)
              : [part],
          )
      },
    },
  },
}

export default defineConfig({
  title: 'yuzuru',
  description: "asyncio's and Trio's guarantees for TypeScript back-ends",
  locales: {
    root: { label: 'English', lang: 'en' },
    'docs/ja': {
      label: '日本語',
      lang: 'ja',
      link: '/docs/ja/guide/',
      description: 'TypeScript のバックエンドに、asyncio と Trio の約束を',
      themeConfig: {
        nav: [
          { text: 'ガイド', link: '/docs/ja/guide/' },
          { text: 'フィールドガイド', link: '/docs/ja/field-guide/' },
          { text: 'リファレンス', link: '/reference/' },
          { text: 'ベンチマーク', link: '/docs/benchmarks' },
        ],
        sidebar: japaneseSidebar(),
        outline: { level: [2, 3], label: 'このページの内容' },
        docFooter: { prev: '前へ', next: '次へ' },
        darkModeSwitchLabel: '配色',
        sidebarMenuLabel: 'メニュー',
        returnToTopLabel: '先頭へ戻る',
        langMenuLabel: '言語',
        skipToContentLabel: '本文へ',
      },
    },
  },
  // The pages stand where they are read in the repository too.
  srcDir: '..',
  outDir: 'dist',
  srcExclude: [
    '**/node_modules/**',
    '**/dist/**',
    '.changeset/**',
    'bench/**',
    'CONTRIBUTING.md',
    'README.md',
    'README.ja.md',
  ],
  rewrites: {
    'site/home.md': 'index.md',
    'site/reference/README.md': 'reference/index.md',
    'site/reference/:page(.*)': 'reference/:page',
    ':folder(.*)/README.md': ':folder/index.md',
  },
  // Anchors are those of the repository, where the pages are read too.
  markdown: {
    anchor: { slugify: slug },
    config: (md) => md.use(otherLanguage).use(japaneseLines).use(linksToSources, REPOSITORY),
  },
  // The pages are not below this folder, so their imports are not found from where they are.
  vite: {
    publicDir: fileURLToPath(new URL('../public', import.meta.url)),
    resolve: {
      alias: [
        { find: /^vue$/, replacement: here('vue/dist/vue.runtime.esm-bundler.js') },
        { find: 'vue/server-renderer', replacement: here('vue/server-renderer') },
      ],
    },
  },
  head: [['link', { rel: 'icon', href: '/logo.svg', type: 'image/svg+xml' }]],
  themeConfig: {
    logo: '/logo.svg',
    // Not every page is there in Japanese; those that are have a link below their title.
    i18nRouting: false,
    nav: [
      { text: 'Guide', link: '/docs/guide/' },
      { text: 'Recipes', link: '/docs/recipes/' },
      { text: 'Field guide', link: '/docs/field-guide/' },
      { text: 'Manual', link: '/docs/manual/' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Benchmarks', link: '/docs/benchmarks' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local', options: searchOptions },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
  },
})
