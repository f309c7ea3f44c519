import { createPinia } from 'pinia';
import { createApp } from 'vue';
import App from './App.vue';
import { i18n } from './locales/i18n';
import { createPageRouter } from './router';
import { useChat } from './stores/chat';
import { usePreferences } from './stores/preferences';
import { useSession } from './stores/session';
import './styles/tokens.css';
import './styles/base.css';

const app = createApp(App);
app.use(createPinia()).use(i18n);
usePreferences();
useChat().prepare();
// The router asks who is logged in, so that has to be known first.
void useSession()
  .check()
  .finally(() => app.use(createPageRouter()).mount('#app'));
