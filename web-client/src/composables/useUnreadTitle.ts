/** The page's title: how much calls for the person, and where they are. */
import { useTitle } from '@vueuse/core';
import { computed } from 'vue';
import { useI18n } from 'vue-i18n';
import type { RoomSummary } from '../client/model';
import { shownCount, useMarks } from '../stores/marks';

export function useUnreadTitle(room: () => RoomSummary | null): void {
  const { t } = useI18n();
  const marks = useMarks();
  useTitle(
    computed(() => {
      const shown = room();
      const name = shown ? `${shown.name} · ${t('app.name')}` : t('app.name');
      return marks.total > 0 ? `(${shownCount(marks.total)}) ${name}` : name;
    }),
  );
}
