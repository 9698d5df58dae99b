# SPDX-License-Identifier: GPL-2.0-or-later
# Folders that GNUInstallDirs has no name for, and what each package holds: a file belongs to the component "kdump" unless its
# install() names "collect" or "fast_reboot".
set(CMAKE_INSTALL_DEFAULT_COMPONENT_NAME kdump)
set(KDUMP_SYSTEMD_DIR lib/systemd CACHE STRING "systemd's folder below the prefix")
set(KDUMP_TMPFILES_DIR lib/tmpfiles.d CACHE STRING "systemd-tmpfiles' folder below the prefix")
set(KDUMP_UDEV_DIR lib/udev CACHE STRING "udev's folder below the prefix")
set(KDUMP_KERNEL_INSTALL_DIR lib/kernel/install.d CACHE STRING "kernel-install's folder below the prefix")
set(KDUMP_BASH_COMPLETION_DIR ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)

# Debian's kernel packages call /etc/kernel/postrm.d where others call kernel-install.
set(on_debian OFF)
if(EXISTS /etc/debian_version)
  set(on_debian ON)
endif()
option(KDUMP_DEBIAN_FILES "Install the hooks and settings of a Debian host" ${on_debian})
set(KDUMP_ZSH_COMPLETION_DIR ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
if(KDUMP_DEBIAN_FILES)
  set(KDUMP_ZSH_COMPLETION_DIR ${CMAKE_INSTALL_DATADIR}/zsh/vendor-completions)
endif()
