/**
 * The addresses of the page. They live behind the `#`, so that every one of them is the
 * same file for the server and `?transport=` survives each step.
 */
import { createRouter, createWebHashHistory } from 'vue-router';
import type { Router } from 'vue-router';
import { useSession } from './stores/session';
import ChatView from './views/ChatView.vue';
import LoginView from './views/LoginView.vue';

export function createPageRouter(): Router {
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/login', name: 'login', component: LoginView },
      { path: '/', name: 'rooms', component: ChatView },
      { path: '/rooms/:room([0-9A-HJKMNP-TV-Z]{26})', name: 'room', component: ChatView },
      { path: '/:rest(.*)*', redirect: { name: 'rooms' } },
    ],
  });
  router.beforeEach((to) => {
    const { phase } = useSession();
    if (phase === 'in' && to.name === 'login') return { path: String(to.query.next ?? '/') };
    if (phase === 'out' && to.name !== 'login') {
      return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
    }
    return true;
  });
  return router;
}
