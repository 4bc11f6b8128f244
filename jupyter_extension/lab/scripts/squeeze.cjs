// A loader of webpack's: gives a style sheet without what only its reader needs.
module.exports = css => css.replace(/\/\*[^]*?\*\//g, '').replace(/\s*([{};,]|\s)\s*/g, '$1');
