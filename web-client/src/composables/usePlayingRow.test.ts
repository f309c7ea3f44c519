// @vitest-environment jsdom
import { mount } from '@vue/test-utils';
import { expect, it } from 'vitest';
import { defineComponent, h, nextTick, ref } from 'vue';
import { usePlayingRow } from './usePlayingRow';

const rows = [{ seq: 4 }, {}, { seq: null }, { seq: 7 }];

it('the row in which something plays is kept as long as it plays', async () => {
  let kept = { value: [] as number[] };
  const list = defineComponent(() => {
    const box = ref<HTMLElement>();
    kept = usePlayingRow(box, () => rows);
    return () =>
      h(
        'div',
        { ref: box },
        [4, 7].map((seq) => h('article', { 'data-seq': seq }, h('audio'))),
      );
  });
  const shown = mount(list, { attachTo: document.body });
  // It listens once it is there.
  await nextTick();
  const [first, second] = shown.findAll('audio').map(({ element }) => element);
  const say = (on: Element | undefined, what: string): boolean | undefined =>
    on?.dispatchEvent(new Event(what));

  expect(kept.value).toEqual([]);
  say(second, 'play');
  expect(kept.value).toEqual([3]);
  // What began elsewhere ends this one, in whichever order they tell it.
  say(first, 'play');
  say(second, 'pause');
  expect(kept.value).toEqual([0]);
  say(first, 'ended');
  expect(kept.value).toEqual([]);
  shown.unmount();
});
