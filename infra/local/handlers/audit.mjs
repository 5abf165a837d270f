// A function with the audit lines as the documents have them, for the test of the runtimes.
const owners = { "veh-1": "5f0c1b7e-ann", "veh-2": "83d2a9c4-bob" };

const audit = (event, request, fields) => console.log(JSON.stringify({
  timestamp: new Date().toISOString(), event,
  request_id: request.requestContext.requestId,
  source_ip: request.requestContext.identity.sourceIp,
  user_agent: request.requestContext.identity.userAgent,
  sub: request.requestContext.authorizer?.claims?.sub,
  ...fields,
}));

export const handler = async (request) => {
  const caller = request.requestContext.authorizer?.claims?.sub;
  const vehicle = { id: request.pathParameters.id, ownerSub: owners[request.pathParameters.id] };

  audit("vehicle.read", request, {
    resource_type: "vehicle", resource_id: vehicle.id, owner_sub: vehicle.ownerSub,
    decision: vehicle.ownerSub === caller ? "allow" : "deny",
  });

  return { statusCode: vehicle.ownerSub === caller ? 200 : 403 };
};

// What else an application may do.
const line = (request) => ({
  event: "vehicle.read", request_id: request.requestContext.requestId, resource_id: request.pathParameters.id,
  decision: "deny",
});

export const object = async (request) => console.log(line(request));
export const warning = async (request) => console.warn(JSON.stringify(line(request)));
export const caught = async () => console.error("stored after all", new Error("reset"));
export const rejection = async () => {
  Promise.reject(new Error("no such vehicle"));
  await new Promise((done) => setTimeout(done, 5000));
};
