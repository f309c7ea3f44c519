/**
 * The addresses of the page. They live behind the `#`, so that every one of them is the
 * same file for the server and `?transport=` survives each step.
 */
import { createRouter, createWebHashHistory } from 'vue-router';
import type { Router } from 'vue-router';
import { useSession } from './stores/session';
import ChatView from './views/ChatView.vue';
import LoginView from './views/LoginView.vue';

/** Where nobody is who is logged in. */
export const isOutside = (name: unknown): boolean => name === 'login' || name === 'register';

export function createPageRouter(): Router {
  const router = createRouter({
    history: createWebHashHistory(),
    routes: [
      { path: '/login', name: 'login', component: LoginView },
      // `?invitation=` stands behind the `#`, so it never leaves the browser by itself.
      { path: '/register', name: 'register', component: LoginView },
      { path: '/', name: 'rooms', component: ChatView },
      { path: '/rooms/:room([0-9A-HJKMNP-TV-Z]{26})', name: 'room', component: ChatView },
      // What opens the room stands behind the `#`, so it never leaves the browser by itself.
      { path: '/join/:link', name: 'join', component: ChatView },
      { path: '/:rest(.*)*', redirect: { name: 'rooms' } },
    ],
  });
  router.beforeEach((to) => {
    const { phase } = useSession();
    if (phase === 'in' && isOutside(to.name)) return { path: String(to.query.next ?? '/') };
    if (phase === 'out' && !isOutside(to.name)) {
      return { name: 'login', query: to.fullPath === '/' ? {} : { next: to.fullPath } };
    }
    return true;
  });
  return router;
}
