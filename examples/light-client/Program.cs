using Ledger.Core;

// Follows a chain to its head and checks every certificate on the way;
// trusts the genesis file and nothing else.
//   dotnet run --project examples/light-client -- genesis.json http://127.0.0.1:8080
if (args is not [var genesisPath, var node])
{
    Console.Error.WriteLine("usage: light-client GENESIS-FILE NODE-URL");
    return 2;
}

using HttpClient http = new() { BaseAddress = new(node) };
var client = LightClient.At(GenesisFile.Parse(File.ReadAllText(genesisPath)));
while (true)
{
    using var answer = await http.GetAsync(
        new Uri($"v1/headers?from={client.Height.Value + 1}", UriKind.Relative));
    if (answer.StatusCode == System.Net.HttpStatusCode.NotFound)
    {
        Console.WriteLine($"final: block {client.Height} {client.HeadHash}, state {client.Head.StateRoot}");
        return 0;
    }

    answer.EnsureSuccessStatusCode();
    var bytes = await answer.Content.ReadAsByteArrayAsync();
    var (next, fault) = ProofFile.TryDecode(bytes, out var headers, out var malformed)
        ? client.Accept(headers)
        : (null, malformed);
    if (next is null)
    {
        Console.Error.WriteLine($"{node} is not to be believed: {fault}");
        return 4;
    }

    client = next;
}
