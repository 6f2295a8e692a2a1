// GraphiQL on this node's /graphql. An API key goes into the pane "Headers":
// {"Authorization": "Bearer hk_…"}; subscriptions send it along as well.
"use strict";

const FIRST_QUERY = `# NGOs of all nodes, as this node holds them.
# Press the play button, or Ctrl-Enter. The book on the left is the documentation.
{
  ngos(region: "CN-YN", first: 5) {
    totalCount
    nodes {
      id
      name(languages: ["en"])
      city
      causes { label(languages: ["en"]) }
      home
    }
    pageInfo { hasNextPage endCursor }
  }
}
`;

const url = "/graphql";
const subscriptionUrl = location.origin.replace(/^http/, "ws") + url;

function fetcher(request, options) {
  const headers = (options && options.headers) || {};
  return GraphiQL.createFetcher({ url, subscriptionUrl, wsConnectionParams: headers })(
    request,
    options,
  );
}

ReactDOM.createRoot(document.getElementById("graphiql")).render(
  React.createElement(GraphiQL, { fetcher, defaultQuery: FIRST_QUERY }),
);
