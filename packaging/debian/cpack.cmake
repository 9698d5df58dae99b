# SPDX-License-Identifier: GPL-2.0-or-later
# The .deb packages, one for each component; `./dev deb` builds them.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME kdump-toolkit)
set(CPACK_PACKAGE_VENDOR "The kdump toolkit")
set(CPACK_PACKAGE_CONTACT "The maintainers of the kdump toolkit <maintainers@localhost>")
set(CPACK_PACKAGE_VERSION ${PROJECT_VERSION})
set(CPACK_INSTALL_PREFIX ${CMAKE_INSTALL_PREFIX})
set(CPACK_SET_DESTDIR ON)
set(CPACK_STRIP_FILES ON)
set(CPACK_COMPONENTS_ALL kdump collect vmcoreinfo fast_reboot)
set(CPACK_COMPONENTS_GROUPING IGNORE)

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE 1)
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(exact "(= ${PROJECT_VERSION}-${CPACK_DEBIAN_PACKAGE_RELEASE})")

set(CPACK_DEBIAN_COLLECT_PACKAGE_NAME kdump-collect)
set(CPACK_COMPONENT_COLLECT_DESCRIPTION
"filters and compresses the memory image of a crashed kernel
kdump-collect reads the memory of a crashed Linux kernel and writes a dump
without the pages that nobody needs, for crash and drgn. It understands the
command line of makedumpfile.")

set(CPACK_DEBIAN_VMCOREINFO_PACKAGE_NAME kdump-vmcoreinfo)
set(CPACK_COMPONENT_VMCOREINFO_DESCRIPTION
"reads what a kernel dump filter must know out of a vmlinux
kdump-vmcoreinfo prints what the debug information of a vmlinux says about the
kernel's types and symbols, as a VMCOREINFO text.")

set(CPACK_DEBIAN_KDUMP_PACKAGE_NAME kdump-toolkit)
set(CPACK_DEBIAN_KDUMP_PACKAGE_DEPENDS "kdump-collect ${exact}, systemd, udev")
# Both would load a panic kernel, and kdump-utils (on derivatives) has the same files.
set(CPACK_DEBIAN_KDUMP_PACKAGE_CONFLICTS "kdump-tools, kdump-utils")
set(CPACK_DEBIAN_KDUMP_PACKAGE_REPLACES "kdump-tools, kdump-utils")
set(CPACK_COMPONENT_KDUMP_DESCRIPTION
"saves the memory of a crashed kernel
Keeps a second kernel loaded that takes over when the running one panics, and
saves a filtered copy of its memory: kdumpctl, the capture image builder and
kdump.service, without initramfs-tools, kexec-tools and makedumpfile.")

set(CPACK_DEBIAN_FAST_REBOOT_PACKAGE_NAME kdump-toolkit-fast-reboot)
set(CPACK_DEBIAN_FAST_REBOOT_PACKAGE_DEPENDS "kdump-toolkit ${exact}, systemd")
# The same command coldreboot, and the same LOAD_KEXEC=true at each reboot.
set(CPACK_DEBIAN_FAST_REBOOT_PACKAGE_CONFLICTS kexec-tools)
set(CPACK_DEBIAN_FAST_REBOOT_PACKAGE_REPLACES kexec-tools)
set(CPACK_COMPONENT_FAST_REBOOT_DESCRIPTION
"reboots past the firmware, into the kernel the boot loader would boot
With LOAD_KEXEC=true in /etc/default/kexec every reboot of a systemd host
skips the firmware, unless that has failed before or the hardware is on the
deny list.")

# What debhelper would generate for a unit.
function(kdump_maintainer_scripts component unit)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/${component})
  foreach(script postinst prerm postrm)
    configure_file(debian/${script}.in ${folder}/${script} @ONLY
                   FILE_PERMISSIONS OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
  endforeach()
  string(TOUPPER ${component} name)
  set(CPACK_DEBIAN_${name}_PACKAGE_CONTROL_EXTRA
      ${folder}/postinst ${folder}/prerm ${folder}/postrm ${CMAKE_CURRENT_SOURCE_DIR}/debian/${component}/conffiles
      PARENT_SCOPE)
endfunction()
set(ON_UPGRADE restart)
kdump_maintainer_scripts(kdump kdump.service)
set(ON_UPGRADE "")  # stopping it means that the host reboots
kdump_maintainer_scripts(fast_reboot kdump-fast-reboot.service)

include(CPack)
