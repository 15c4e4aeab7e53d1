import { fileURLToPath } from 'node:url'
import { slug } from 'github-slugger'
import { defineConfig } from 'vitepress'
import { linksToSources } from '../src/links-to-sources.ts'
import { sidebar } from '../src/sidebar.ts'

const REPOSITORY = 'https://github.com/yuzuru/yuzuru'

const here = (name: string): string => fileURLToPath(import.meta.resolve(name))

export default defineConfig({
  title: 'yuzuru',
  description: "asyncio's and Trio's guarantees for TypeScript back-ends",
  locales: {
    root: { label: 'English', lang: 'en' },
    'docs/ja': {
      label: '日本語',
      lang: 'ja',
      link: '/docs/ja/field-guide/',
      description: 'TypeScript のバックエンドに、asyncio と Trio の約束を',
      themeConfig: {
        outline: { level: [2, 3], label: 'このページの内容' },
        docFooter: { prev: '前へ', next: '次へ' },
        darkModeSwitchLabel: '配色',
        sidebarMenuLabel: 'メニュー',
        returnToTopLabel: '先頭へ戻る',
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
    config: (md) => md.use(linksToSources, REPOSITORY),
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
    // A page has no other language at the same path.
    i18nRouting: false,
    nav: [
      { text: 'Guide', link: '/docs/guide/' },
      { text: 'Field guide', link: '/docs/field-guide/' },
      { text: 'Reference', link: '/reference/' },
      { text: 'Benchmarks', link: '/docs/benchmarks' },
    ],
    sidebar: sidebar(),
    outline: [2, 3],
    search: { provider: 'local' },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
  },
})
