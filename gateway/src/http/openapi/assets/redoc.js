// Shows the document of this server.
Redoc.init("/api/schema/", { hideDownloadButton: false, pathInMiddlePanel: true }, document.getElementById("page"));
