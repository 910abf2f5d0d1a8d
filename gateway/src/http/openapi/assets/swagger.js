// Shows the document of this server. A credential that is typed in is kept until the page is left.
SwaggerUIBundle({
  url: "/api/schema/",
  dom_id: "#page",
  deepLinking: true,
  docExpansion: "none",
  filter: true,
  validatorUrl: null,
  tryItOutEnabled: true,
});
