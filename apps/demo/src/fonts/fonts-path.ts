/** Where a page finds the style sheet of the fonts. */
export const FONTS_PATH = '/fonts/noto-sans-jp.css'
