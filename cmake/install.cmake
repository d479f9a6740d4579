# make install: program, default model, headers, both libraries, edgewise.pc, man pages, completions, and a
# unit for systemd.

install(TARGETS edgewise_shared edgewise_static
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY include/edgewise DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")
if(TARGET edgewise)
  install(TARGETS edgewise RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# The program looks for the default model beside itself, and beside its folder.
set(default_model ${CMAKE_INSTALL_DATADIR}/edgewise/pocket)
install(DIRECTORY models/pocket/package/ DESTINATION ${default_model})
file(MAKE_DIRECTORY ${PROJECT_BINARY_DIR}/share/edgewise)
file(CREATE_LINK ${PROJECT_SOURCE_DIR}/models/pocket/package
     ${PROJECT_BINARY_DIR}/share/edgewise/pocket SYMBOLIC)

set(pc_folder ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX BASE_DIRECTORY ${pc_folder} OUTPUT_VARIABLE pc_to_prefix)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_LIBDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
           OUTPUT_VARIABLE pc_libdir)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR BASE_DIRECTORY ${CMAKE_INSTALL_PREFIX}
           OUTPUT_VARIABLE pc_includedir)
configure_file(cmake/edgewise.pc.in edgewise.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/edgewise.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

file(GLOB man_pages CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/docs/man/*.1)
install(FILES ${man_pages} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)

set(completions ${PROJECT_SOURCE_DIR}/share/completions)
if(EXISTS ${completions}/edgewise.bash)
  install(FILES ${completions}/edgewise.bash RENAME edgewise
          DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
endif()
if(EXISTS ${completions}/_edgewise)
  install(FILES ${completions}/_edgewise DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
endif()
if(EXISTS ${completions}/edgewise.fish)
  install(FILES ${completions}/edgewise.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
endif()

# Where systemd looks, also on machines whose libraries lie elsewhere.
if(EDGEWISE_NET)
  install(FILES ${PROJECT_SOURCE_DIR}/share/systemd/edgewise.service DESTINATION lib/systemd/user)
endif()
