// Before anything is painted: the theme that was chosen, if not the system's.
const theme = localStorage.getItem('theme');
if (theme) document.documentElement.dataset.theme = theme;
