# What `cmake --install` puts where, and find_package(leat).
include(CMakePackageConfigHelpers)

set(LEAT_PACKAGE_DIR ${CMAKE_INSTALL_LIBDIR}/cmake/leat)

install(TARGETS leat EXPORT leat-targets LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(TARGETS leat-bin RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(DIRECTORY runtime/include/leat DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
install(EXPORT leat-targets NAMESPACE leat:: DESTINATION ${LEAT_PACKAGE_DIR})
install(FILES LICENSE DESTINATION ${CMAKE_INSTALL_DATADIR}/leat)
# What scripts/bootstrap has fetched for `infer`; without it, built-in lexicons are named as missing.
install(DIRECTORY third_party/lexicons DESTINATION ${CMAKE_INSTALL_DATADIR}/leat OPTIONAL
  FILES_MATCHING PATTERN "*.tsv" PATTERN "*.LICENSE")
install(FILES third_party/onnxruntime/lib/libonnxruntime.so.1 third_party/onnxruntime/LICENSE
  third_party/onnxruntime/ThirdPartyNotices.txt DESTINATION lib/leat OPTIONAL)

configure_package_config_file(cmake/leatConfig.cmake.in ${CMAKE_CURRENT_BINARY_DIR}/leatConfig.cmake
  INSTALL_DESTINATION ${LEAT_PACKAGE_DIR})
# Before 1.0, a minor version may change the API.
write_basic_package_version_file(${CMAKE_CURRENT_BINARY_DIR}/leatConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/leatConfig.cmake ${CMAKE_CURRENT_BINARY_DIR}/leatConfigVersion.cmake
  DESTINATION ${LEAT_PACKAGE_DIR})
