using System.Net;
using System.Net.Sockets;

namespace Ledger.EndToEnd.Harness;

/// <summary>
/// Finds blocks of free ports, so that tests and runs side by side do not meet. A validator that is killed
/// leaves its ports free for a while: a block is handed out again only after all others were.
/// </summary>
internal static class Ports
{
    private const int First = 21_100;
    private const int Last = 24_900;
    private const int Step = 10;

    private static readonly Lock Turn = new();
    private static int _next = Random.Shared.Next(First / Step, Last / Step) * Step;

    /// <param name="count">So many ports in a row, from the one that is returned.</param>
    public static int FreeBlock(int count)
    {
        lock (Turn)
        {
            for (var looked = First; looked < Last; looked += Step)
            {
                var start = _next + count <= Last ? _next : First;
                _next = start + Step;
                if (Enumerable.Range(start, count).All(IsFree))
                {
                    _next = start + ((count + Step - 1) / Step * Step);
                    return start;
                }
            }
        }

        throw new InvalidOperationException($"No {count} free ports in a row between {First} and {Last}.");
    }

    public static Socket Take(int port)
    {
        Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
        socket.Listen();
        return socket;
    }

    private static bool IsFree(int port)
    {
        try
        {
            Take(port).Dispose();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
