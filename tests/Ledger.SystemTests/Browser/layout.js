// What is wrong with a page's layout, as sentences: something sticks out sideways, text lies on other text, or text is cut off.
() => {
    const problems = [];
    const say = (what, element, more) => problems.push(`${what}: ${name(element)} ${more ?? ''}`.trim());
    const name = element => {
        const id = element.id ? ` id=${element.id}` : '';
        const classes = element.classList.length ? ` class="${element.classList}"` : '';
        return `<${element.tagName.toLowerCase()}${id}${classes}> "${(element.textContent ?? '').trim().slice(0, 40)}"`;
    };
    // Nothing changes while this looks, so each element is asked once.
    const once = ask => {
        const answers = new Map();
        return element => answers.get(element) ?? answers.set(element, ask(element)).get(element);
    };
    const style = once(element => {
        const { clipPath, visibility, overflowX, overflowY } = getComputedStyle(element);
        return { clipPath, visibility, overflowX, overflowY };
    });
    const scrolls = element => ['auto', 'scroll'].includes(style(element).overflowX);
    const isIn = has => {
        const is = once(element => has(element) || (element.parentElement !== null && is(element.parentElement)));
        return is;
    };
    const isInScrolled = isIn(scrolls);
    const isHidden = isIn(element => style(element).clipPath !== 'none' || style(element).visibility === 'hidden');
    const ancestors = function* (element) { for (let e = element; e !== null; e = e.parentElement) yield e; };
    // Text for screen readers alone is cut to nothing on purpose.
    const isForEyes = once(element =>
        !isHidden(element) && element.checkVisibility() && element.closest('.skip, svg, select, noscript') === null);

    const page = document.documentElement;
    if (page.scrollWidth > page.clientWidth) say('the page scrolls sideways', page, `${page.scrollWidth} > ${page.clientWidth}`);
    for (const element of document.body.querySelectorAll('*')) {
        if (element.clientWidth === 0 || scrolls(element) || !isForEyes(element) || element.matches('progress, input')) continue;
        if (element.scrollWidth > element.clientWidth + 1) {
            say('content sticks out', element, `${element.scrollWidth} > ${element.clientWidth}`);
        }
    }

    const texts = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
        const parent = node.parentElement;
        if (node.data.trim() === '' || parent.closest('script, style, option') !== null || !isForEyes(parent)) continue;
        const range = document.createRange();
        range.selectNodeContents(node);
        for (const rect of range.getClientRects()) {
            if (rect.width < 1 || rect.height < 1) continue;
            const [top, bottom] = [rect.top + rect.height * 0.2, rect.bottom - rect.height * 0.2];
            texts.push({ node, parent, left: rect.left, right: rect.right, top, bottom });
        }
    }
    for (const text of texts) {
        for (const element of ancestors(text.parent)) {
            if (scrolls(element)) break; // it can be scrolled to
            if (style(element).overflowX === 'visible' && style(element).overflowY === 'visible') continue;
            const box = element.getBoundingClientRect();
            if (text.left < box.left - 1 || text.right > box.right + 1 || text.top < box.top - 1 || text.bottom > box.bottom + 1) {
                say('text is cut off', text.parent);
            }
        }
        if (!isInScrolled(text.parent) && (text.left < -1 || text.right > innerWidth + 1)) say('text is outside the page', text.parent);
    }
    texts.sort((a, b) => a.top - b.top);
    for (let i = 0; i < texts.length; i++) {
        for (let j = i + 1; j < texts.length && texts[j].top < texts[i].bottom; j++) {
            const [a, b] = [texts[i], texts[j]];
            const wide = Math.min(a.right, b.right) - Math.max(a.left, b.left);
            const high = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
            if (wide > 2 && high > 2) say('texts overlap', a.parent, `and ${name(b.parent)}`);
        }
    }
    return [...new Set(problems)];
}
